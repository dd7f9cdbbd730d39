/**
 * What beginning and resuming a run share: its data, its device, its memory, and training to the end.
 *
 * @module
 */
import denoJson from "../../deno.json" with { type: "json" };
import { missedBudget } from "../budget/mod.ts";
import { checkAgainstImages, type ConfigSources, resolveConfig, type RunConfig } from "../config/config.ts";
import { targetOf } from "../config/network.ts";
import { openDataset } from "../config/open_dataset.ts";
import { type Precision, resolvePrecision } from "../tensor/precision.ts";
import type { Dataset } from "../data/mod.ts";
import { Device } from "../device/mod.ts";
import { InvalidInputError } from "../errors.ts";
import type { Checkpoint } from "../run/checkpoint.ts";
import type { TrainingObserver, TrainingResult } from "../run/records.ts";
import type { RunFolder } from "../run/run_folder.ts";
import { describeBytes, type FittedConfig, usualBatch } from "./fitted_config.ts";
import { preparePlans } from "./plans.ts";
import { pretrain } from "./trainer.ts";

/** Watches a run from its preparation to its end. Lines are for people. */
export interface RunObserver extends TrainingObserver {
  /**
   * A line that a person should see: how much memory the run needs, a damaged checkpoint, a change that ends
   * reproducibility.
   */
  remark?(line: string): void;
  /** A line that few people need: the device with its libraries. */
  detail?(line: string): void;
  /** Called before the data set is read. @param data its folder or name. */
  reading?(data: string): void;
  /** Called before the first step, once nothing can refuse the run any more. */
  begins?(run: RunFolder, device: Device): void;
  /** Called once training has ended without an error, while the run is still locked. */
  ended?(outcome: RunOutcome): void;
}

/** How beginning or resuming a run ended. */
export interface RunOutcome {
  /** The run's folder. */
  readonly run: RunFolder;
  /** Whether the observer stopped the run before its end. */
  readonly stopped: boolean;
  /** Steps done, those of earlier processes among them. */
  readonly steps: number;
  /** The last evaluation during training, by network. */
  readonly networks: TrainingResult["networks"];
  /**
   * Measured cost share minus budget, if the last evaluation of a run that came to its end misses the budget by more
   * than one point; else null.
   */
  readonly budgetMissed: number | null;
  /** Whether the data set has labels to evaluate with. */
  readonly isLabelled: boolean;
  /** Whether this call trained; resuming a run that is finished does nothing. */
  readonly isNew: boolean;
}

/** The outcome of a run that was trained, or was found finished. */
export function outcomeOf(
  run: RunFolder,
  dataset: Dataset,
  { stopped, steps, networks }: TrainingResult,
  isNew: boolean,
): RunOutcome {
  const budgetMissed = stopped ? null : missedBudget(networks.gated?.cost.share, targetOf(run.config));
  return { run, stopped, steps, networks, budgetMissed, isLabelled: dataset.labelled !== null, isNew };
}

/**
 * Opens the data set of a run.
 *
 * @throws {InvalidInputError} if a file is missing or damaged, or the batch or the budget does not fit the images.
 */
export function openImages(sources: ConfigSources, observer: Pick<RunObserver, "reading">): Dataset {
  const config = resolveConfig(sources);
  observer.reading?.(config.data ?? config.dataset);
  const dataset = openDataset(config);
  const { pretraining } = dataset;
  checkAgainstImages(resolveConfig({ ...sources, fitted: usualBatch(pretraining.count) }), pretraining);
  return dataset;
}

/** Versions and device of a run, for its `config.yaml`: repeating the run bit by bit takes the same. */
function versionsOf(device: Device, precision: Precision): Record<string, string> {
  const { name, backend, backendVersion, isa } = device.description;
  return {
    sluice: denoJson.version,
    deno: Deno.version.deno,
    [backend]: backendVersion,
    isa,
    device: device.kind,
    name,
    threads: String(device.threads),
    precision,
  };
}

/** A device that is ready to train on. */
export interface OpenedDevice {
  /** The device; the caller disposes of it. */
  readonly device: Device;
  /** What the run's `config.yaml` says of versions and device. */
  readonly versions: Readonly<Record<string, string>>;
}

/**
 * Opens the device of a run.
 *
 * @param plans file of convolution engines to take, or null.
 * @throws {InvalidInputError} if the device lacks the precision or the CUDA graphs asked for, or the engines are those
 * of another device.
 * @throws {DeviceUnavailableError} if there is no such device.
 */
export function openDevice(
  config: RunConfig,
  plans: string | null,
  observer: Pick<RunObserver, "detail" | "remark">,
): OpenedDevice {
  using undone = new DisposableStack();
  const device = undone.use(
    Device.open({ ...config, ...(observer.remark && { remark: (line) => observer.remark?.(line) }) }),
  );
  const precision = resolvePrecision(config.precision, device.description);
  preparePlans(device, { ...config, plans });
  const { name, isa, backend, backendVersion } = device.description;
  if (config.cudaGraph && device.kind === "cpu") {
    throw new InvalidInputError(`--cuda-graph: ${name} is a CPU and has no CUDA graphs; give --no-cuda-graph`);
  }
  observer.detail?.(`${name}, ${device.threads} threads, ${precision}, ${backend} ${backendVersion} (${isa})`);
  undone.move();
  return { device, versions: versionsOf(device, precision) };
}

/** Tells the observer what the run needs and what it goes without. */
function remarkNeeds(device: Device, { config, need, memory }: FittedConfig, dataset: Dataset, observer: RunObserver) {
  const { selection } = dataset.origin ?? {};
  if (selection) observer.remark?.(selection.line);
  if (dataset.labelled === null) {
    observer.remark?.(`${dataset.name} has no labelled images: the run is not evaluated`);
  }
  const whose = device.kind === "cuda" ? "the GPU's memory" : "memory";
  const amounts = `about ${describeBytes(need)} of the ${describeBytes(memory)} of ${whose}`;
  observer.remark?.(`batch ${config.batch}: needs ${amounts}`);
}

/** Trains a run to its end, or until the observer stops it. */
export async function trainRun(
  device: Device,
  { run, checkpoint }: { readonly run: RunFolder; readonly checkpoint: Checkpoint | null },
  dataset: Dataset,
  fitted: FittedConfig,
  observer: RunObserver,
): Promise<RunOutcome> {
  remarkNeeds(device, fitted, dataset, observer);
  observer.begins?.(run, device);
  const trained = await pretrain(device, run.config, dataset, run, observer, checkpoint);
  const outcome = outcomeOf(run, dataset, trained, true);
  observer.ended?.(outcome);
  return outcome;
}
