/**
 * The thread that writes a checkpoint while training continues.
 *
 * @module
 */
/// <reference lib="deno.worker" />
import { SluiceError } from "../errors.ts";
import { type CheckpointTask, storeCheckpoint } from "./checkpoint_store.ts";
import type { CheckpointOutcome } from "./checkpoint_writer.ts";

self.onmessage = ({ data }: MessageEvent<CheckpointTask>) => {
  let outcome: CheckpointOutcome;
  try {
    storeCheckpoint(data);
    outcome = { failure: null, isExpected: true };
  } catch (error) {
    const failure = error instanceof Error ? error.message : String(error);
    outcome = { failure, isExpected: error instanceof SluiceError };
  }
  self.postMessage(outcome);
};
