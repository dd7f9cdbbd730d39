/**
 * Begins a run, or goes on with one, as the commands that train do.
 *
 * @module
 */
import denoJson from "../deno.json" with { type: "json" };
import type { Dataset } from "../src/data/mod.ts";
import type { Device } from "../src/device/mod.ts";
import type { RunConfig } from "../src/training/config.ts";
import type { Precision } from "../src/training/precision.ts";
import type { TrainingResult } from "../src/training/records.ts";
import type { Renewal, Resumption } from "./resumption.ts";
import { StopSignals } from "./stop_signals.ts";
import { announce, type OutputOptions, remark } from "./ui/output.ts";
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

/** Trains; a signal ends it early. */
async function train(
  device: Device,
  { run, checkpoint }: Pick<Resumption, "run" | "checkpoint">,
  dataset: Dataset,
  output: OutputOptions,
): Promise<TrainingOutcome> {
  const { pretrain } = await import("../src/training/trainer.ts");
  using signals = new StopSignals((signal) => remark(output, `${signal}: saving, then stopping`));
  using progress = new TrainingDisplay(output, run.config, () => signals.status !== null);
  announce(output, "building the network; the first step takes longer than those after it", "line");
  const trained = await pretrain(device, run.config, dataset, run, progress, checkpoint);
  const { stopped, steps, networks } = trained;
  const seconds = progress.seconds;
  progress[Symbol.dispose]();
  if (stopped) {
    const saved = steps === 0 ? "before the first step" : `after ${steps} steps, and saved`;
    remark(output, `stopped ${saved}; to go on: sluice pretrain --resume ${run.path}`);
    return { run: run.path, steps, seconds, networks, isNew: true, stopStatus: signals.status ?? 1 };
  }
  if (progress.skippedImages > 0) {
    remark(output, `${progress.skippedImages} damaged images were left out; ${run.path}/skipped.jsonl names them`);
  }
  remark(output, `${steps} steps in ${seconds.toFixed(1)} s; the run is in ${run.path}`);
  return { run: run.path, steps, seconds, networks, isNew: true, stopStatus: null };
}

/** Opens the device that a configuration asks for, and what it takes. */
async function openDevice(config: RunConfig, plans: string | null, output: OutputOptions) {
  const { Device } = await import("../src/device/mod.ts");
  const { resolvePrecision } = await import("../src/training/precision.ts");
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
async function openImages(config: RunConfig, output: OutputOptions): Promise<Dataset> {
  const { openDataset } = await import("./datasets.ts");
  const { checkAgainstImages } = await import("../src/training/config.ts");
  announce(output, `reading the data: ${config.data ?? config.dataset}`, "nothing");
  const dataset = openDataset(config);
  checkAgainstImages(config, dataset.pretraining);
  if (dataset.labelled === null) remark(output, `${dataset.name} has no labelled images: the run is not evaluated`);
  return dataset;
}

/**
 * Begins a run. Everything that can be refused is refused before its folder is made.
 *
 * @param out the folder to make.
 */
export async function beginRun(config: RunConfig, out: string, output: OutputOptions): Promise<TrainingOutcome> {
  const { RunFolder } = await import("../src/training/run_folder.ts");
  RunFolder.checkFree(out);
  const dataset = await openImages(config, output);
  const opened = await openDevice(config, config.plans, output);
  using device = opened.device;
  const run = RunFolder.create(out, config, opened.versions);
  using _lock = run.lock();
  return await train(device, { run, checkpoint: null }, dataset, output).catch((error) => {
    run.discardIfUntrained();
    throw error;
  });
}

/** Goes on with the run in a folder; with one that is finished nothing is done. */
export async function resumeRun(path: string, renewal: Renewal, output: OutputOptions): Promise<TrainingOutcome> {
  const { RunFolder } = await import("../src/training/run_folder.ts");
  const { describeChanges, readResumption } = await import("./resumption.ts");
  const run = RunFolder.open(path);
  using _lock = run.lock();
  const resumption = await readResumption(run, renewal, (line) => remark(output, line));
  const { config, checkpoint } = resumption;
  if (checkpoint !== null) run.checkpoints.removeSurplus(config.keepCheckpoints, checkpoint.path);
  const dataset = await openImages(config, output);
  const { checkImages } = await import("../src/training/checkpoint.ts");
  if (checkpoint !== null) checkImages(checkpoint, dataset.pretraining.count);
  const { isFinished, stepsOf } = await import("../src/training/run_length.ts");
  if (checkpoint !== null && isFinished(run, config, checkpoint, dataset)) {
    const { step } = checkpoint.state;
    const networks = run.metrics.evaluationAfter(step)?.networks ?? {};
    remark(output, `${path}: is finished, after ${step} steps; there is nothing to do`);
    return { run: path, steps: step, seconds: 0, networks, isNew: false, stopStatus: null };
  }
  const opened = await openDevice(config, run.plans() ?? config.plans, output);
  using device = opened.device;
  const changes = describeChanges(run.versions, opened.versions);
  if (changes !== null) remark(output, changes);
  remark(output, describeStart(resumption, stepsOf(config, dataset) / config.epochs));
  return await train(device, { run: run.reconfigured(config), checkpoint }, dataset, output);
}
