/**
 * Hears the signals that ask a run to stop, so that it can save before it does.
 *
 * @module
 */

/** Exit status for each signal: 128 + its number, or 75 ("try again") for a cluster's notice. */
export const stopStatuses = { SIGINT: 130, SIGTERM: 143, SIGUSR1: 75, SIGUSR2: 75 } as const;

type StopSignal = keyof typeof stopStatuses;

/** Listens for stop signals from its making to its disposal. */
export class StopSignals implements Disposable {
  #status: number | null = null;
  readonly #onFirst: (signal: string) => void;
  readonly #listeners: readonly (readonly [StopSignal, () => void])[];

  /** @param onFirst Told once, by the first signal. */
  constructor(onFirst: (signal: string) => void) {
    const names = Object.keys(stopStatuses) as StopSignal[];
    this.#onFirst = onFirst;
    this.#listeners = names.map((signal) => [signal, () => this.take(signal)] as const);
    for (const [signal, listener] of this.#listeners) Deno.addSignalListener(signal, listener);
  }

  /** Does what a signal asks for, whether it arrived or something else stands for it. */
  take(signal: StopSignal): void {
    // Somebody who presses Ctrl-C twice does not want to wait.
    if (this.#status !== null && signal === "SIGINT") Deno.exit(stopStatuses.SIGINT);
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
