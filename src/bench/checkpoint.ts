/**
 * Cost of saving a checkpoint: how long training waits, how long the disk takes, and how large the file is.
 *
 * @module
 */
import { join } from "@std/path";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import type { Device } from "../device/mod.ts";
import { median, timedPromise } from "../device/stopwatch.ts";
import { checkpointMetadata } from "../run/checkpoint.ts";
import { CheckpointFiles } from "../run/checkpoint_files.ts";
import { CheckpointWriter } from "../run/checkpoint_writer.ts";
import type { RunConfig } from "../config/options.ts";
import { createTrainee, trainingState } from "../training/trainee.ts";
import { IMAGE_SIDE } from "./images.ts";

/** Cost of a checkpoint. */
export interface CheckpointBenchmark {
  /** Median milliseconds that training waits. */
  readonly stallMs: number;
  /** Median milliseconds until the file is on the disk, read back and renamed. */
  readonly savedMs: number;
  /** Size of the file in bytes. */
  readonly bytes: number;
  /** Name of the device. */
  readonly device: string;
}

/** Checkpoints to time, after a first one that is not counted. */
const REPEATS = 5;

/**
 * Times checkpoints of a configuration's network and optimiser, in a temporary folder.
 *
 * @param parent folder in which the temporary folder is made, on the disk to measure.
 * @throws {StorageError} if the disk has no room.
 */
export async function benchCheckpoint(device: Device, config: RunConfig, parent: string): Promise<CheckpointBenchmark> {
  const folder = mkdtempSync(join(parent, ".sluice-bench-"));
  try {
    using trainee = createTrainee(device, config, IMAGE_SIDE);
    using writer = new CheckpointWriter();
    const training = trainingState(trainee, null);
    const controller = { integral: 0, offset: null, batchShare: null, error: 0, steps: 0 };
    const state = { step: 0, images: 1, multiplier: 0, controller, plainShare: null, calibrations: 0, untrained: {} };
    const metadata = checkpointMetadata(config, state);
    const times: { stall: number; saved: number }[] = [];
    for (let repeat = 0; repeat <= REPEATS; repeat++) {
      const task = { folder, kept: config.keepCheckpoints, epochs: null, metadata };
      const stall = await timedPromise(() => writer.begin(training, task));
      times.push({ stall, saved: stall + await timedPromise(() => writer.settle()) });
    }
    const measured = times.slice(1);
    return {
      stallMs: median(measured.map(({ stall }) => stall)),
      savedMs: median(measured.map(({ saved }) => saved)),
      bytes: statSync(new CheckpointFiles(folder).last()).size,
      device: device.description.name,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
