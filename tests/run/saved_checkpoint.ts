/**
 * Checkpoints of runs that were never trained, for tests of readers that report how far a run is.
 *
 * @module
 */
import type { HostTensor } from "../../src/formats/mod.ts";
import { checkpointMetadata } from "../../src/run/checkpoint.ts";
import { storeCheckpoint } from "../../src/run/checkpoint_store.ts";
import type { RunFolder, RunState } from "../../src/run/mod.ts";

/** What a run that saved after a step writes down of itself. */
export function stateAt(step: number, images: number, untrained: RunState["untrained"] = {}): RunState {
  const controller = { integral: 0, offset: null, batchShare: null, error: 0, steps: step };
  return { step, images, multiplier: 0, controller, plainShare: null, calibrations: 0, untrained };
}

/** Saves a state as a run's last checkpoint, with one number in the place of weights. */
export function saveState({ checkpoints, config }: RunFolder, state: RunState): void {
  const metadata = checkpointMetadata(config, state);
  const tensors = new Map<string, HostTensor>([["x", { dtype: "f32", shape: [1], data: Float32Array.of(1) }]]);
  storeCheckpoint({ folder: checkpoints.folder, kept: config.keepCheckpoints, epochs: null, tensors, metadata });
}
