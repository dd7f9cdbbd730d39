/**
 * Slurm's notations of time.
 *
 * @module
 */

/** A time limit in seconds, of any of Slurm's notations; null of one without a limit, or of none of them. */
export function secondsOfLimit(text: string): number | null {
  const match = /^(?:(\d+)-)?(\d+)(?::(\d+))?(?::(\d+))?$/.exec(text);
  if (match === null) return null;
  const [days, ...parts] = [match[1], match[2], match[3], match[4]].map((part) => part === undefined ? null : +part);
  const [first = 0, second = null, third = null] = parts;
  // With days or three numbers the first are hours, else minutes.
  const inHours = days !== null || third !== null;
  const [hours, minutes, seconds] = inHours ? [first, second, third] : [0, first, second];
  return (((days ?? 0) * 24 + (hours ?? 0)) * 60 + (minutes ?? 0)) * 60 + (seconds ?? 0);
}
