/**
 * Keeps SIGHUP ignored in a process that was started with SIGHUP ignored, as `nohup` does.
 *
 * As soon as something listens to any signal, Deno takes over SIGHUP, and the signal ends the process unless something
 * listens to SIGHUP itself. The streams of a terminal do listen to a signal: the change of its size.
 *
 * @module
 */
import { ignoresHangUp } from "../src/machine/signals.ts";

let isIgnored = false;

/** Keeps SIGHUP ignored if it is ignored now. A process calls this before anything listens to a signal. */
export function keepHangUpIgnored(): void {
  isIgnored = ignoresHangUp();
  if (isIgnored) Deno.addSignalListener("SIGHUP", () => {});
}

/** Whether the process was started with SIGHUP ignored. */
export function isHangUpIgnored(): boolean {
  return isIgnored;
}
