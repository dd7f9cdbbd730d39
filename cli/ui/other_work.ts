/**
 * Says once that other programs keep processors busy which a command's threads need.
 *
 * @module
 */
import type { Device } from "../../src/device/mod.ts";
import { fittingThreads, type OtherWork, OtherWorkMeter } from "../../src/machine/other_work.ts";
import { type OutputOptions, remark } from "./output.ts";

/** Milliseconds between two looks: long enough that the kernel's ticks tell a share, short enough for a short run. */
const PERIOD = 3000;

/** The line for a person; null if the threads are not too many. */
export function describeOtherWork(threads: number, work: OtherWork): string | null {
  const fitting = fittingThreads(threads, work);
  if (fitting === null) return null;
  return `other programs keep about ${work.busy.toFixed(1)} of ${work.processors} processors busy, which slows ` +
    `down ${threads} threads that wait for each other: --threads ${fitting} fits beside them`;
}

/** Watches the processors while a command computes, until it has something to say. */
export class OtherWorkRemark implements Disposable {
  readonly #output: OutputOptions;
  readonly #threads: number;
  #meter: OtherWorkMeter | null;
  #next = performance.now() + PERIOD;

  /** Begins to watch, if the device computes on processors. */
  constructor(output: OutputOptions, { kind, threads }: Pick<Device, "kind" | "threads">) {
    this.#output = output;
    this.#threads = threads;
    this.#meter = kind === "cpu" ? new OtherWorkMeter() : null;
  }

  /** Looks at the processors if it is time. */
  look(): void {
    if (this.#meter === null || performance.now() < this.#next) return;
    this.#next = performance.now() + PERIOD;
    const work = this.#meter.read();
    const line = work && describeOtherWork(this.#threads, work);
    if (line === null) return;
    remark(this.#output, line);
    this[Symbol.dispose]();
  }

  /** Ends watching. */
  [Symbol.dispose](): void {
    this.#meter?.[Symbol.dispose]();
    this.#meter = null;
  }
}
