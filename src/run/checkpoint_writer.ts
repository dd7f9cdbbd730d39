/**
 * Saves checkpoints beside training: a step waits until the tensors are copied, but not for the disk.
 *
 * @module
 */
import { SluiceError, StorageError } from "../errors.ts";
import { hostState } from "../models/mod.ts";
import type { Module } from "../nn/mod.ts";
import { type CheckpointTask, storeCheckpoint } from "./checkpoint_store.ts";

/** The outcome of saving a checkpoint. */
export interface CheckpointOutcome {
  /** Why it failed, in a line; null if it is saved. */
  readonly failure: string | null;
  /** Whether the failure is a known one, such as a full disk, and not a defect of the program. */
  readonly isExpected: boolean;
}

/** A smaller checkpoint is written at once: starting a thread would take longer. */
const SMALL_BYTES = 8 << 20;

/**
 * Writes one checkpoint after another, each in a new thread unless it is small. One thread for all of them would keep
 * its copies, several times the size of a checkpoint, until its garbage collector runs.
 */
export class CheckpointWriter implements Disposable {
  #worker: Worker | null = null;
  #underWay: Promise<void> | null = null;
  #failed: CheckpointOutcome | null = null;

  /**
   * Begins to save a checkpoint, once the one before it is on the disk.
   *
   * @param training the tensors to copy; they may change as soon as the promise is kept.
   * @throws {StorageError} if the checkpoint before it, or this one if it is small, cannot be written.
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

  /** @throws {StorageError} if a checkpoint that was begun could not be written. */
  check(): void {
    if (this.#failed === null) return;
    const { failure, isExpected } = this.#failed;
    const kind = isExpected ? StorageError : SluiceError;
    throw new kind(failure ?? "");
  }

  /** Waits until the checkpoint that was begun is on the disk. @throws {StorageError} if it cannot be written. */
  async settle(): Promise<void> {
    await this.#underWay;
    this.#underWay = null;
    this.check();
  }

  /** Ends the thread. A checkpoint that is not in place yet is lost. */
  [Symbol.dispose](): void {
    this.#worker?.terminate();
  }
}
