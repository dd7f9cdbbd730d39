/**
 * Signals that whoever started this process had it ignore.
 *
 * @module
 */

import { SystemCalls } from "./system_calls.ts";

/** SIGHUP: the terminal is closed. */
const SIGHUP = 1;

/**
 * Whether SIGHUP is ignored, as `nohup` has it. To be asked before anything listens to any signal: Deno then takes over SIGHUP
 * too, whether it was ignored or not.
 *
 * @param system another machine's, for tests.
 * @returns false if the system does not say.
 */
export function ignoresHangUp(system?: SystemCalls): boolean {
  using own = system === undefined ? new SystemCalls() : null;
  const status = (system ?? own)?.read("/proc/self/status");
  const mask = /^SigIgn:\s*([0-9a-f]+)$/m.exec(status ?? "")?.[1] ?? "0";
  return (BigInt(`0x${mask}`) >> BigInt(SIGHUP - 1) & 1n) === 1n;
}
