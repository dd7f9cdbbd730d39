/**
 * Evaluates the run in a folder by its latest whole checkpoint.
 *
 * @module
 */
import { openDataset } from "../config/open_dataset.ts";
import { type RunConfig, storeOptions } from "../config/options.ts";
import { type Dataset, ImageStores, type SkippedImage } from "../data/mod.ts";
import { Device } from "../device/mod.ts";
import { checkLabels, type NetworkSpeed } from "../evaluation/mod.ts";
import type { Evaluation } from "../run/evaluation_file.ts";
import { resolvePrecision } from "../tensor/mod.ts";
import type { RunFolder } from "../run/run_folder.ts";
import type { RunSpeed } from "../run/speed_file.ts";
import { evaluateRun, type EvaluationOptions } from "./evaluate_run.ts";

/** Where an evaluation computes, and what it may write. */
export interface EvaluationPlace extends Pick<RunConfig, "device" | "threads" | "data"> {
  /** Whether damaged images are recorded in the run's folder, as in training. */
  readonly isKept: boolean;
  /** The images to judge by; defaults to the run's own, from `data`. {@linkcode openOtherDataset} opens others. */
  readonly images?: Dataset;
  /** The run's own images, if `images` are others; only the slim network needs them, which is cut by them. */
  readonly own?: Dataset | undefined;
}

/** What to evaluate, and how. */
export interface FolderEvaluationOptions
  extends Omit<EvaluationOptions, "progress" | "precision" | "timed" | "own" | "damaged"> {
  /** The precision of the networks' passes: f32 by default; `auto` is bf16 if the device multiplies it. */
  readonly precision?: RunConfig["precision"];
}

/** Watches an evaluation. Lines are for people. */
export interface EvaluationObserver {
  /** A line that a person should see: a damaged checkpoint that is passed over, the images in use. */
  remark?(line: string): void;
  /** Called before each part of the evaluation with its name. */
  evaluating?(stage: string): void;
  /** Called once for every damaged image. */
  skipped?(image: SkippedImage): void;
}

/**
 * Evaluates the run in a folder, as `sluice evaluate` does. {@linkcode RunFolder.writeEvaluation} stores the result in
 * the folder.
 *
 * @param timed is called with the times of the networks on this device, which {@linkcode RunFolder.writeSpeed} stores.
 * Without it nothing is timed.
 * @throws {InvalidInputError} if the run has no whole checkpoint or lacks a network asked for, the data set has no
 * labels for the protocols, or the device lacks the precision.
 * @throws {DeviceUnavailableError} if there is no such device.
 */
export function evaluateFolder(
  run: RunFolder,
  { precision: asked = "f32", ...options }: FolderEvaluationOptions,
  place: EvaluationPlace,
  observer: EvaluationObserver = {},
  timed?: (speed: RunSpeed) => void,
): Evaluation {
  const checkpoint = run.latestCheckpoint((line) => observer.remark?.(line));
  const dataset = place.images ?? openDataset(run.config, place.data);
  checkLabels(dataset, options);
  using device = Device.open({ ...place, ...(observer.remark && { remark: (line) => observer.remark?.(line) }) });
  const precision = resolvePrecision(asked, device.description);
  const selection = dataset.origin?.selection ?? null;
  if (selection !== null) observer.remark?.(selection.line);
  const damaged = new Set<string>();
  const skipped = (image: SkippedImage) => {
    damaged.add(image.path);
    if (place.isKept) run.appendSkipped(image);
    observer.skipped?.(image);
  };
  dataset.skipped.forEach(skipped);
  using stores = new ImageStores(device, dataset, { ...storeOptions(run.config), skipped });
  const progress = (stage: string) => observer.evaluating?.(stage);
  const { description: { name }, threads } = device;
  const timedNetworks = timed && {
    timed: (networks: readonly NetworkSpeed[]) =>
      timed({ step: checkpoint.state.step, device: name, threads, precision, networks }),
  };
  const { own } = place;
  return evaluateRun(run, checkpoint, stores, { ...options, own, damaged, precision, progress, ...timedNetworks });
}
