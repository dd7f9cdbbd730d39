/**
 * Shows how far a download is: a bar on a terminal, else a line now and then.
 *
 * @module
 */
import process from "node:process";
// @ts-types="@types/cli-progress"
import { SingleBar } from "cli-progress";

import type { DownloadProgress } from "../../src/data/mod.ts";
import { type OutputOptions, remark } from "./output.ts";
import { mebibytes } from "./tables.ts";

/** A plain line comes each time so much more has arrived. */
const LINE_BYTES = 2 ** 25;

/** Shows one download on stderr. */
export class DownloadDisplay implements Disposable {
  readonly #output: OutputOptions;
  readonly #name: string;
  readonly #bar: SingleBar | null;
  #lines = 0;
  #barRuns = false;

  /** @param name What is downloaded. */
  constructor(output: OutputOptions, name: string) {
    this.#output = output;
    this.#name = name;
    const format = "{bar} {percentage}% | {name} | {state} | {eta_formatted} left";
    const options = { format, barsize: 24, stream: process.stderr, hideCursor: true, clearOnComplete: true, fps: 5 };
    this.#bar = process.stderr.isTTY && !output.quiet ? new SingleBar(options) : null;
  }

  /** Shows the present state. */
  show({ done, total }: DownloadProgress): void {
    const state = total === null ? mebibytes(done) : `${mebibytes(done)} of ${mebibytes(total)}`;
    if (this.#bar === null) {
      const lines = Math.floor(done / LINE_BYTES);
      if (lines > this.#lines) remark(this.#output, `${this.#name}: ${state}`);
      this.#lines = lines;
    } else if (this.#barRuns) {
      this.#bar.update(done, { state });
    } else {
      this.#bar.start(total ?? done, done, { name: this.#name, state });
      this.#barRuns = true;
    }
  }

  /** Takes the bar away. */
  [Symbol.dispose](): void {
    this.#bar?.stop();
  }
}
