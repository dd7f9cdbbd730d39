/**
 * Shows the progress of a download: a bar on a terminal, else a line now and then.
 *
 * @module
 */

import type { DownloadProgress } from "../../src/data/mod.ts";
import { barLine, clearLive, drawsLive, updateLive } from "./live_line.ts";
import { type OutputOptions, remark } from "./output.ts";
import { formatSeconds } from "./progress.ts";
import { mebibytes } from "./tables.ts";

/** Bytes between two plain lines. */
const LINE_BYTES = 2 ** 25;

/** Shows one download on stderr. */
export class DownloadDisplay implements Disposable {
  readonly #output: OutputOptions;
  readonly #name: string;
  readonly #started = performance.now();
  /** Bytes that an earlier attempt downloaded; null before the first {@linkcode show}. */
  #before: number | null = null;
  #lines = 0;

  /** @param name name of the downloaded file or data set. */
  constructor(output: OutputOptions, name: string) {
    this.#output = output;
    this.#name = name;
  }

  /** Draws the bar, or writes a line if enough has arrived since the last one. */
  show({ done, total }: DownloadProgress): void {
    this.#before ??= done;
    const state = total === null ? mebibytes(done) : `${mebibytes(done)} of ${mebibytes(total)}`;
    if (drawsLive(this.#output)) return updateLive(() => this.#barLine(done, total, state));
    const lines = Math.floor(done / LINE_BYTES);
    if (lines > this.#lines) remark(this.#output, `${this.#name}: ${state}`);
    this.#lines = lines;
  }

  #barLine(done: number, total: number | null, state: string): string {
    // A server may not send a length; share and time left are unknown then.
    if (total === null) return `${this.#name}: ${state}`;
    const seconds = (performance.now() - this.#started) / 1000;
    const arrived = done - (this.#before ?? 0);
    const left = arrived === 0 ? "?" : formatSeconds(seconds / arrived * (total - done));
    return barLine(total === 0 ? 1 : done / total, [this.#name], [state, `${left} left`]);
  }

  /** Removes the bar. */
  [Symbol.dispose](): void {
    clearLive();
  }
}
