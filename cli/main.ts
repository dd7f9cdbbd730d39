#!/usr/bin/env -S deno run --allow-ffi --allow-read --allow-write --allow-env --allow-sys
/**
 * The entry of the command `sluice`: prepares the process before anything else is loaded.
 *
 * @module
 */
import { keepHangUpIgnored } from "./hang_up.ts";

/** Restores the variable HOME, which the executable's launcher hides from Deno; an empty value stands for none. */
function restoreHome(): void {
  const home = Deno.env.get("SLUICE_HOME");
  if (home === undefined) return;
  Deno.env.delete("SLUICE_HOME");
  if (home === "") Deno.env.delete("HOME");
  else Deno.env.set("HOME", home);
}

if (import.meta.main) {
  restoreHome();
  keepHangUpIgnored();
  // A static import would load `node:process` first, which listens to a signal.
  const { runCommandLine } = await import("./command_line.ts");
  await runCommandLine(Deno.args);
}
