/**
 * The user's home folder in the packaged executable.
 *
 * @module
 */

/** Restores the variable HOME, which the executable's launcher hides from Deno; an empty value stands for none. */
export function restoreHome(): void {
  const home = Deno.env.get("SLUICE_HOME");
  if (home === undefined) return;
  Deno.env.delete("SLUICE_HOME");
  if (home === "") Deno.env.delete("HOME");
  else Deno.env.set("HOME", home);
}
