/**
 * Listens for the signals that stop a run, so that the run can save first.
 *
 * @module
 */

import { isHangUpIgnored } from "./hang_up.ts";
import { stopStatuses } from "./ui/errors.ts";
import { clearLive } from "./ui/live_line.ts";

type StopSignal = keyof typeof stopStatuses;

/**
 * Listens for stop signals until it is disposed of. It leaves SIGHUP out if the process was started with SIGHUP ignored
 * (`nohup`).
 */
export class StopSignals implements Disposable {
  #status: number | null = null;
  readonly #onFirst: (signal: string) => void;
  readonly #listeners: readonly (readonly [StopSignal, () => void])[];

  /** @param onFirst called with the first signal. */
  constructor(onFirst: (signal: string) => void) {
    const isIgnored = isHangUpIgnored();
    const names = (Object.keys(stopStatuses) as StopSignal[]).filter((name) => name !== "SIGHUP" || !isIgnored);
    this.#onFirst = onFirst;
    this.#listeners = names.map((signal) => [signal, () => this.take(signal)] as const);
    for (const [signal, listener] of this.#listeners) Deno.addSignalListener(signal, listener);
  }

  /** Acts as if a signal had arrived; a request to stop in a sweep's folder does this. */
  take(signal: StopSignal): void {
    // A user who presses Ctrl-C twice does not want to wait.
    if (this.#status !== null && signal === "SIGINT") {
      clearLive();
      Deno.exit(stopStatuses.SIGINT);
    }
    if (this.#status !== null) return;
    this.#status = stopStatuses[signal];
    this.#onFirst(signal);
  }

  /** The exit status for the first signal; null before any signal. */
  get status(): number | null {
    return this.#status;
  }

  /** Stops listening. */
  [Symbol.dispose](): void {
    for (const [signal, listener] of this.#listeners) Deno.removeSignalListener(signal, listener);
  }
}
