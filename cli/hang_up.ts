/**
 * Keeps SIGHUP ignored in a process that was started to ignore it, by `nohup` for one.
 *
 * Deno takes over SIGHUP as soon as anything listens to any signal (the streams of a terminal listen to its change of size), and ends the
 * process by it if nothing listens to SIGHUP itself.
 *
 * @module
 */

import { ignoresHangUp } from "../src/machine/signals.ts";

let isIgnored = false;

/** Finds out whether SIGHUP is ignored, and has it stay so. To be called before anything else in a process. */
export function keepHangUpIgnored(): void {
  isIgnored = ignoresHangUp();
  if (isIgnored) Deno.addSignalListener("SIGHUP", () => {});
}

/** Whether this process ignores SIGHUP. */
export function isHangUpIgnored(): boolean {
  return isIgnored;
}
