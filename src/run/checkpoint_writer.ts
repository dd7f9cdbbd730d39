/**
 * Saves checkpoints beside training: a step waits for the tensors to be copied, and not for the disk.
 *
 * @module
 */
import { SluiceError, StorageError } from "../errors.ts";
import { hostState } from "../models/mod.ts";
import type { Module } from "../nn/mod.ts";
import { type CheckpointTask, storeCheckpoint } from "./checkpoint_store.ts";

/** What came of a checkpoint. */
export interface CheckpointOutcome {
  /** What went wrong, in a line; null where nothing did. */
  readonly failure: string | null;
  /** Whether that is one of the failures that a disk may have. */
  readonly isExpected: boolean;
}

/** Below so many bytes a checkpoint is written at once: a thread's start takes longer. */
const SMALL_BYTES = 8 << 20;

/**
 * Writes one checkpoint after another, each in a thread of its own unless it is small. A thread that went on to the next one
 * would hold the copies that it made until the garbage collector looks, several times what a checkpoint has.
 */
export class CheckpointWriter implements Disposable {
  #worker: Worker | null = null;
  #underWay: Promise<void> | null = null;
  #failed: CheckpointOutcome | null = null;

  /**
   * Begins to save, once what was begun before is on the disk.
   *
   * @param training whose tensors are copied now; they may change as soon as the promise is kept.
   * @throws {StorageError} where this one, if it is small, or the one before cannot be written.
   */
  async begin(training: Module, task: Omit<CheckpointTask, "tensors">): Promise<void> {
    await this.settle();
    const tensors = hostState(training);
    const buffers = [...tensors.values()].map(({ data }) => data.buffer);
    const bytes = buffers.reduce((total, { byteLength }) => total + byteLength, 0);
    if (bytes < SMALL_BYTES) return storeCheckpoint({ ...task, tensors });
    const worker = new Worker(new URL("./checkpoint_worker.ts", import.meta.url), { type: "module" });
    this.#worker = worker;
    this.#underWay = new Promise((resolve) => {
      const end = (outcome: CheckpointOutcome) => {
        if (outcome.failure !== null) this.#failed = outcome;
        worker.terminate();
        resolve();
      };
      worker.onmessage = ({ data }: MessageEvent<CheckpointOutcome>) => end(data);
      worker.onerror = (event) => {
        event.preventDefault();
        end({ failure: event.message, isExpected: false });
      };
    });
    worker.postMessage({ ...task, tensors }, buffers);
  }

  /** @throws {StorageError} where what was begun turned out not to be written. */
  check(): void {
    if (this.#failed === null) return;
    const { failure, isExpected } = this.#failed;
    const kind = isExpected ? StorageError : SluiceError;
    throw new kind(failure ?? "");
  }

  /** Waits until what was begun is on the disk. @throws {StorageError} where it cannot be written. */
  async settle(): Promise<void> {
    await this.#underWay;
    this.#underWay = null;
    this.check();
  }

  /** Ends the thread. What it has not put in its place is lost. */
  [Symbol.dispose](): void {
    this.#worker?.terminate();
  }
}
