/**
 * Validates the spec's sections `slurm` and `kubernetes`.
 *
 * @module
 */
import { z } from "zod";

/** A single word of a script line. A blank, a quote or a line end could inject another option. */
const word = z.union([z.number().transform(String), z.string()], { error: "give a word or a number" }).pipe(
  z.string().regex(/^[^\s'"\\]+$/, "give one word without blanks, quotes and backslashes"),
);
const aboveZero = { error: "give a whole number, 1 or more" };
const fromZero = { error: "give a whole number, 0 or more" };
const count = z.number(aboveZero).int(aboveZero).min(1, aboveZero);

/** A time limit in seconds, from any of Slurm's notations; null if there is no limit, or if the text is not a time. */
export function secondsOfLimit(text: string): number | null {
  const match = /^(?:(\d+)-)?(\d+)(?::(\d+))?(?::(\d+))?$/.exec(text);
  if (match === null) return null;
  const [days, ...parts] = [match[1], match[2], match[3], match[4]].map((part) => part === undefined ? null : +part);
  const [first = 0, second = null, third = null] = parts;
  // With days or with three numbers, the first number is hours; else it is minutes.
  const inHours = days !== null || third !== null;
  const [hours, minutes, seconds] = inHours ? [first, second, third] : [0, first, second];
  return (((days ?? 0) * 24 + (hours ?? 0)) * 60 + (minutes ?? 0)) * 60 + (seconds ?? 0);
}

/** Seconds by which a notice may come early: Slurm checks time limits once a minute. */
const NOTICE_RESOLUTION = 60;

/** Keys are options of `sbatch` without the dashes. Times and memory are in Slurm's notation. */
const slurmKeys = z.strictObject({
  "partition": word.optional(),
  "account": word.optional(),
  "qos": word.optional(),
  "constraint": word.optional(),
  "gres": word.optional(),
  "time": word.optional(),
  "mem": word.optional(),
  "cpus-per-task": count.optional(),
  /** Runs at a time; no limit if left out. */
  "jobs": count.optional(),
  /** Seconds before the time limit at which Slurm signals a run to save. */
  "notice": count.default(120),
  /** How often a run is queued again after it stopped because of the notice. */
  "requeues": z.number(fromZero).int(fromZero).min(0, fromZero).default(100),
});

/** The section `slurm`. Refuses a notice so long that a run would have to save as soon as it starts. */
export const slurmSchema = slurmKeys.superRefine(({ time, notice }, context) => {
  const limit = time === undefined ? null : secondsOfLimit(time);
  if (limit === null || limit > notice + NOTICE_RESOLUTION) return;
  const message =
    `${notice} seconds before the limit ${time}, and up to ${NOTICE_RESOLUTION} seconds earlier, is before the ` +
    "start; give a longer time or a shorter notice";
  context.addIssue({ code: "custom", path: ["notice"], message });
});

const namesObject = { error: "give the name of a Kubernetes object: lower-case letters, digits, - and ." };
const objectName = z.string(namesObject).regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, namesObject);
const isQuantity = { error: "give a Kubernetes quantity, such as 2, 500m or 16Gi" };
const quantity = z.union([z.number().positive().transform(String), z.string()], isQuantity).pipe(
  z.string().regex(/^\d+(\.\d+)?(m|[kMGTPE]|[KMGTPE]i)?$/, isQuantity),
);

const namesImage = { error: "give the name of a container image" };
const isMount = { error: "give an absolute path, such as /shared" };

/** The section `kubernetes`. */
export const kubernetesSchema = z.strictObject({
  /** Container image with `sluice` on its `PATH`. */
  "image": z.string(namesImage).regex(/^\S+$/, namesImage),
  /** The persistent volume claim that all pods share. */
  "claim": objectName,
  /** Mount path of the claim; the sweep's folder and the data are under it. */
  "mount": z.string(isMount).startsWith("/", isMount).default("/shared"),
  "namespace": objectName.optional(),
  "cpu": quantity.optional(),
  "memory": quantity.optional(),
  "gpus": count.optional(),
  /** Runs at a time; all of them if left out. */
  "jobs": count.optional(),
  /** Seconds between SIGTERM and SIGKILL, in which a run saves. */
  "notice": count.default(120),
});
