/**
 * Hears the signals that ask a run to stop, so that it can save before it does.
 *
 * @module
 */

import { isHangUpIgnored } from "./hang_up.ts";
import { stopStatuses } from "./ui/errors.ts";
import { clearLive } from "./ui/live_line.ts";

type StopSignal = keyof typeof stopStatuses;

/**
 * Listens for stop signals from its making to its disposal; not for SIGHUP if the process was started to ignore it
 * (`nohup`).
 */
export class StopSignals implements Disposable {
  #status: number | null = null;
  readonly #onFirst: (signal: string) => void;
  readonly #listeners: readonly (readonly [StopSignal, () => void])[];

  /** @param onFirst Told once, by the first signal. */
  constructor(onFirst: (signal: string) => void) {
    const isIgnored = isHangUpIgnored();
    const names = (Object.keys(stopStatuses) as StopSignal[]).filter((name) => name !== "SIGHUP" || !isIgnored);
    this.#onFirst = onFirst;
    this.#listeners = names.map((signal) => [signal, () => this.take(signal)] as const);
    for (const [signal, listener] of this.#listeners) Deno.addSignalListener(signal, listener);
  }

  /** Does what a signal asks for, whether it arrived or something else stands for it. */
  take(signal: StopSignal): void {
    // Somebody who presses Ctrl-C twice does not want to wait.
    if (this.#status !== null && signal === "SIGINT") {
      clearLive();
      Deno.exit(stopStatuses.SIGINT);
    }
    if (this.#status !== null) return;
    this.#status = stopStatuses[signal];
    this.#onFirst(signal);
  }

  /** The exit status that the first signal asks for, null before it. */
  get status(): number | null {
    return this.#status;
  }

  /** Stops listening. */
  [Symbol.dispose](): void {
    for (const [signal, listener] of this.#listeners) Deno.removeSignalListener(signal, listener);
  }
}
