#!/usr/bin/env -S deno run --allow-ffi --allow-read --allow-write --allow-env --allow-sys
/**
 * The entry of the command `sluice`: prepares the process before anything else is loaded.
 *
 * @module
 */
import { keepHangUpIgnored } from "./hang_up.ts";
import { restoreHome } from "./home.ts";

if (import.meta.main) {
  restoreHome();
  keepHangUpIgnored();
  // A static import would load `node:process` first, which listens to a signal.
  const { runCommandLine } = await import("./command_line.ts");
  await runCommandLine(Deno.args);
}
