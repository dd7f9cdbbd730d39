/**
 * Tells which signals this process was started to ignore.
 *
 * @module
 */

import { SystemCalls } from "./system_calls.ts";

/** The number of SIGHUP, which a closing terminal sends. */
const SIGHUP = 1;

/**
 * Whether SIGHUP is ignored, as under `nohup`. Call this before the program listens to any signal: from then on Deno
 * handles SIGHUP too, and the system no longer reports it as ignored.
 *
 * @param system a replacement for this machine's, for tests.
 * @returns false if the system does not report it.
 */
export function ignoresHangUp(system?: SystemCalls): boolean {
  using own = system === undefined ? new SystemCalls() : null;
  const status = (system ?? own)?.read("/proc/self/status");
  const mask = /^SigIgn:\s*([0-9a-f]+)$/m.exec(status ?? "")?.[1] ?? "0";
  return (BigInt(`0x${mask}`) >> BigInt(SIGHUP - 1) & 1n) === 1n;
}
