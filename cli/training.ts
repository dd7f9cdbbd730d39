/**
 * Begins a run, or goes on with one, as the commands that train do.
 *
 * @module
 */
import denoJson from "../deno.json" with { type: "json" };
import type { Dataset } from "../src/data/mod.ts";
import type { Device } from "../src/device/mod.ts";
import { LostFolderError, StorageError } from "../src/errors.ts";
import type { FileLock } from "../src/formats/mod.ts";
import type { ConfigSources, RunConfig } from "../src/config/config.ts";
import type { FittedConfig } from "../src/training/fitted_config.ts";
import type { Precision } from "../src/config/precision.ts";
import type { TrainingResult } from "../src/run/records.ts";
import type { RunFolder } from "../src/run/run_folder.ts";
import { quoteWord } from "../src/sweep/shell.ts";
import type { Renewal, Resumption } from "./resumption.ts";
import { StopSignals } from "./stop_signals.ts";
import { describeMiss } from "./ui/missed_budget.ts";
import { announce, type OutputOptions, remark, remarkNoLocks } from "./ui/output.ts";
import { TrainingDisplay } from "./ui/progress.ts";

/** How training ended. */
export interface TrainingOutcome {
  /** The run's folder. */
  readonly run: string;
  /** Steps done, those of earlier processes among them. */
  readonly steps: number;
  /** Seconds that this process took. */
  readonly seconds: number;
  /** The last evaluation during training. */
  readonly networks: TrainingResult["networks"];
  /** How far the gated network's cost share is from the budget, if by more than one point at the last evaluation; else null. */
  readonly budgetMissed: number | null;
  /** Whether the data has labels to evaluate by. */
  readonly isLabelled: boolean;
  /** Whether this process trained: a run that was finished already is left as it is. */
  readonly isNew: boolean;
  /** The exit status that the signal asks for which stopped the run; null of one that came to its end. */
  readonly stopStatus: number | null;
}

/** What the run was made with, for its `config.yaml`. */
function versionsOf(device: Device, precision: Precision): Record<string, string> {
  const { name, backend, backendVersion, isa } = device.description;
  return {
    sluice: denoJson.version,
    deno: Deno.version.deno,
    [backend]: backendVersion,
    isa,
    // What `auto` and 0 came to: repeating the run bit by bit takes the same.
    device: device.kind,
    name,
    threads: String(device.threads),
    precision,
  };
}

/** Where a run goes on, for people. */
function describeStart({ run, config, checkpoint }: Resumption, stepsPerEpoch: number): string {
  if (checkpoint === null) return `${run.path}: saved nothing yet; begins again`;
  const { step } = checkpoint.state;
  const epoch = Math.min(Math.floor(step / stepsPerEpoch) + 1, config.epochs);
  return `${run.path}: goes on at epoch ${epoch} of ${config.epochs}, after step ${step} of ${
    stepsPerEpoch * config.epochs
  }`;
}

/** How far a run that came to its end missed its budget, which is said; null if it kept it, or was not evaluated. */
async function tellMiss(
  { path, config }: Pick<RunFolder, "path" | "config">,
  { steps, networks }: Pick<TrainingResult, "steps" | "networks">,
  dataset: Dataset,
  output: OutputOptions,
): Promise<number | null> {
  const { missedBudget } = await import("../src/budget/missed_budget.ts");
  const { smallestBudget } = await import("../src/models/mod.ts");
  const { targetOf } = await import("../src/config/network.ts");
  const { networkSpec } = await import("../src/config/network.ts");
  const budgetMissed = missedBudget(networks.gated?.cost.share, targetOf(config));
  if (budgetMissed === null) return null;
  const smallest = smallestBudget(networkSpec(config, dataset.pretraining.height));
  remark(output, describeMiss({ path, config, steps, budgetMissed, smallest }));
  return budgetMissed;
}

/** Trains; a signal ends it early. */
async function train(
  device: Device,
  { run, checkpoint }: Pick<Resumption, "run" | "checkpoint">,
  dataset: Dataset,
  fitted: FittedConfig,
  output: OutputOptions,
): Promise<TrainingOutcome> {
  const { pretrain } = await import("../src/training/trainer.ts");
  const { remarkSelection } = await import("./datasets.ts");
  remarkSelection(dataset, output);
  await tellNeeds(device, fitted, dataset, output);
  using signals = new StopSignals((signal) => remark(output, `${signal}: saving, then stopping`));
  using progress = new TrainingDisplay(output, run.config, () => signals.status !== null);
  announce(output, "building the network; the first step takes longer than those after it", "line");
  const trained = await pretrain(device, run.config, dataset, run, progress, checkpoint);
  const { stopped, steps, networks } = trained;
  const seconds = progress.seconds;
  progress[Symbol.dispose]();
  progress.concludeSkipped(`${run.path}/skipped.jsonl names them`);
  if (stopped) {
    const saved = steps === 0 ? "before the first step" : `after ${steps} steps, and saved`;
    remark(output, `stopped ${saved}; to go on: sluice pretrain --resume ${quoteWord(run.path)}`);
    return {
      run: run.path,
      steps,
      seconds,
      networks,
      budgetMissed: null,
      isLabelled: dataset.labelled !== null,
      isNew: true,
      stopStatus: signals.status ?? 1,
    };
  }
  remark(output, `${steps} ${steps === 1 ? "step" : "steps"} in ${seconds.toFixed(1)} s; the run is in ${run.path}`);
  const budgetMissed = await tellMiss(run, trained, dataset, output);
  const isLabelled = dataset.labelled !== null;
  return { run: run.path, steps, seconds, networks, budgetMissed, isLabelled, isNew: true, stopStatus: null };
}

/** Opens the device that a configuration asks for, and what it takes. */
async function openDevice(config: RunConfig, plans: string | null, output: OutputOptions) {
  const { Device } = await import("../src/device/mod.ts");
  const { resolvePrecision } = await import("../src/config/precision.ts");
  const { preparePlans } = await import("../src/training/plans.ts");
  const device = Device.open({ device: config.device, threads: config.threads });
  try {
    const precision = resolvePrecision(config.precision, device.description);
    preparePlans(device, { ...config, plans });
    const { name, isa, backend, backendVersion } = device.description;
    const computes = `${name}, ${device.threads} threads, ${precision}, ${backend} ${backendVersion} (${isa})`;
    if (output.verbose) remark(output, computes);
    return { device, versions: versionsOf(device, precision) };
  } catch (error) {
    device[Symbol.dispose]();
    throw error;
  }
}

/** The data set of a run, once its images are known to fit the rest. */
async function openImages(sources: ConfigSources, output: OutputOptions): Promise<Dataset> {
  const { openDataset } = await import("./datasets.ts");
  const { checkAgainstImages, resolveConfig } = await import("../src/config/config.ts");
  const { usualBatch } = await import("../src/training/fitted_config.ts");
  const config = resolveConfig(sources);
  announce(output, `reading the data: ${config.data ?? config.dataset}`, "nothing");
  const dataset = openDataset(config);
  const { pretraining } = dataset;
  checkAgainstImages(resolveConfig({ ...sources, fitted: usualBatch(pretraining.count) }), pretraining);
  return dataset;
}

/** Says what a run needs and goes without, before its first step. */
async function tellNeeds(device: Device, fitted: FittedConfig, dataset: Dataset, output: OutputOptions): Promise<void> {
  if (dataset.labelled === null) remark(output, `${dataset.name} has no labelled images: the run is not evaluated`);
  const { describeBytes } = await import("../src/training/fitted_config.ts");
  const [need, memory] = [fitted.need, fitted.memory].map(describeBytes);
  const whose = device.kind === "cuda" ? "the GPU's memory" : "memory";
  remark(output, `batch ${fitted.config.batch}: needs about ${need} of the ${memory} of ${whose}`);
}

/** The configuration that sources come to with a data set on a device, and what it needs. */
async function fit(sources: ConfigSources, dataset: Dataset, device: Device): Promise<FittedConfig> {
  const { fitConfig } = await import("../src/training/fitted_config.ts");
  const { imageMemory } = await import("../src/training/memory_need.ts");
  return fitConfig(sources, device, imageMemory(dataset));
}

/**
 * The configuration that a run from these sources would have.
 *
 * @throws {InvalidInputError} if the run would be refused.
 */
export async function fittedConfig(sources: ConfigSources, output: OutputOptions): Promise<RunConfig> {
  const { resolveConfig } = await import("../src/config/config.ts");
  const dataset = await openImages(sources, output);
  const { device } = await openDevice(resolveConfig(sources), null, output);
  using _device = device;
  return (await fit(sources, dataset, device)).config;
}

/** Locks a run that was just made. If its folder cannot be locked, nothing of the run stays. */
async function lockNew(run: RunFolder): Promise<FileLock> {
  try {
    return await run.lock();
  } catch (error) {
    // Otherwise another process was quick to go on with it, or to replace it.
    if (error instanceof StorageError && !(error instanceof LostFolderError)) run.discardIfUntrained();
    throw error;
  }
}

/**
 * Begins a run. Everything that can be refused is refused before its folder is made.
 *
 * @param out the folder to make.
 */
export async function beginRun(sources: ConfigSources, out: string, output: OutputOptions): Promise<TrainingOutcome> {
  const { RunFolder } = await import("../src/run/run_folder.ts");
  const { resolveConfig } = await import("../src/config/config.ts");
  RunFolder.checkFree(out);
  const asked = resolveConfig(sources);
  const dataset = await openImages(sources, output);
  const opened = await openDevice(asked, asked.plans, output);
  using device = opened.device;
  const fitted = await fit(sources, dataset, device);
  const { listImages } = await import("../src/run/image_list.ts");
  const images = { line: dataset.origin?.selection?.line ?? null, list: await listImages(dataset) };
  const run = RunFolder.create(out, fitted.config, opened.versions, images);
  using lock = await lockNew(run);
  remarkNoLocks(output, lock);
  try {
    return await train(device, { run, checkpoint: null }, dataset, fitted, output);
  } catch (error) {
    if (!(error instanceof LostFolderError)) run.discardIfUntrained();
    throw error;
  }
}

/** Goes on with the run in a folder; with one that is finished nothing is done. */
export async function resumeRun(path: string, renewal: Renewal, output: OutputOptions): Promise<TrainingOutcome> {
  const { RunFolder } = await import("../src/run/run_folder.ts");
  const { describeChanges, readResumption, refuseOtherCount, renewImageList } = await import("./resumption.ts");
  const run = RunFolder.open(path);
  using lock = await run.lock();
  remarkNoLocks(output, lock);
  const resumption = await readResumption(run, renewal, (line) => remark(output, line));
  const { config, checkpoint } = resumption;
  if (checkpoint !== null) run.checkpoints.removeSurplus(config.keepCheckpoints, checkpoint.path);
  const dataset = await openImages({ flags: { ...config } }, output);
  if (checkpoint !== null && !renewal.acceptChangedImages) await refuseOtherCount(run, checkpoint, dataset);
  const { isFinished, stepsOf } = await import("../src/run/run_length.ts");
  if (checkpoint !== null && isFinished(run, config, checkpoint, dataset)) {
    const { step } = checkpoint.state;
    const networks = run.metrics.evaluationAfter(step)?.networks ?? {};
    remark(output, `${path}: is finished, after ${step} steps; there is nothing to do`);
    const budgetMissed = await tellMiss(run, { steps: step, networks }, dataset, output);
    const isLabelled = dataset.labelled !== null;
    return { run: path, steps: step, seconds: 0, networks, budgetMissed, isLabelled, isNew: false, stopStatus: null };
  }
  const opened = await openDevice(config, run.plans() ?? config.plans, output);
  using device = opened.device;
  const changes = describeChanges(run.versions, opened.versions);
  if (changes !== null) remark(output, changes);
  await renewImageList(resumption, dataset, renewal, (line) => remark(output, line));
  const { imageMemory, memoryNeed } = await import("../src/training/memory_need.ts");
  const need = memoryNeed(device, config, imageMemory(dataset));
  const fitted = { config, need, memory: device.memoryTotal() };
  remark(output, describeStart(resumption, stepsOf(config, dataset) / config.epochs));
  const renewed = run.reconfigured(config, dataset.origin?.selection?.line);
  return await train(device, { run: renewed, checkpoint }, dataset, fitted, output);
}
