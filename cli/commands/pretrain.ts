/**
 * `sluice pretrain`: trains the encoders of one run.
 *
 * @module
 */

import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import process from "node:process";
import denoJson from "../../deno.json" with { type: "json" };
import type { Dataset } from "../../src/data/mod.ts";
import type { Device } from "../../src/device/mod.ts";
import { InvalidInputError } from "../../src/errors.ts";
import type { RunConfig } from "../../src/training/config.ts";
import type { Precision } from "../../src/training/precision.ts";
import type { TrainingResult } from "../../src/training/records.ts";
import { presets } from "../../src/training/presets.ts";
import {
  addCommonOptions,
  addExamples,
  addRunOptions,
  givenRunOptions,
  outputOptions,
  ownRunOptions,
} from "../options.ts";
import type { Resumption } from "../resumption.ts";
import { StopSignals } from "../stop_signals.ts";
import { type OutputOptions, remark, writeResult } from "../ui/output.ts";
import { TrainingDisplay } from "../ui/progress.ts";
import { formatTable, megaMacs, percent, share } from "../ui/tables.ts";

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

/** The configuration and the run folder that the command line and its files name. */
async function readRequest(command: CommandUnknownOpts): Promise<{ config: RunConfig; out: string | undefined }> {
  const { resolveConfig } = await import("../../src/training/config.ts");
  const { config: path, preset, out }: Record<string, unknown> = command.opts();
  const file = typeof path === "string"
    ? (await import("../../src/training/config_file.ts")).readConfigFile(path)
    : undefined;
  const config = resolveConfig({
    flags: givenRunOptions(command),
    ...(file === undefined ? {} : { file }),
    ...(typeof preset === "string" ? { preset } : {}),
  });
  return { config, out: typeof out === "string" ? out : file?.out };
}

function describeNetworks(networks: TrainingResult["networks"]): string {
  if (Object.keys(networks).length === 0) return "not evaluated: `sluice evaluate` does it";
  const rows = Object.entries(networks).map(([name, { knn20, onlineProbe, cost }]) => [
    name,
    percent(knn20),
    onlineProbe === undefined ? "-" : percent(onlineProbe.top1),
    megaMacs(cost.macs),
    share(cost.share),
  ]);
  return formatTable(["network", "20-NN", "online probe", "MACs", "cost share"], rows);
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

/** Trains and reports; the exit status is that of the signal that stopped the run, if one did. */
async function train(
  device: Device,
  { run, checkpoint }: Pick<Resumption, "run" | "checkpoint">,
  dataset: Dataset,
  output: OutputOptions,
): Promise<void> {
  const { pretrain } = await import("../../src/training/trainer.ts");
  using signals = new StopSignals((signal) => remark(output, `${signal}: saving, then stopping`));
  using progress = new TrainingDisplay(output, run.config, () => signals.status !== null);
  const trained = await pretrain(device, run.config, dataset, run, progress, checkpoint);
  const { stopped, steps, networks } = trained;
  const seconds = progress.seconds;
  progress[Symbol.dispose]();
  if (stopped) {
    remark(output, `stopped after ${steps} steps, and saved; to go on: sluice pretrain --resume ${run.path}`);
    process.exitCode = signals.status ?? 1;
    return;
  }
  if (progress.skippedImages > 0) {
    remark(output, `${progress.skippedImages} damaged images were left out; ${run.path}/skipped.jsonl names them`);
  }
  remark(output, `${steps} steps in ${seconds.toFixed(1)} s; the run is in ${run.path}`);
  writeResult(output, { run: run.path, steps, seconds, networks }, () => describeNetworks(networks));
}

/** Prints the configuration as `config.yaml` would hold it. */
async function showConfig(config: RunConfig, output: OutputOptions): Promise<void> {
  const { configByKey, formatConfig } = await import("../../src/training/config_file.ts");
  writeResult(output, configByKey(config), () => formatConfig(config).trimEnd());
}

/** Prints the objectives there are. */
async function listObjectives(output: OutputOptions): Promise<void> {
  const { objectiveKinds } = await import("../../src/objectives/mod.ts");
  const listed = objectiveKinds.map(({ name, description }) => ({ name, description }));
  writeResult(output, listed, () => {
    return formatTable(["objective", "what it is"], listed.map(({ name, description }) => [name, description]), "left");
  });
}

/** Opens the device that a configuration asks for, and what it takes. */
async function openDevice(config: RunConfig, plans: string | null, output: OutputOptions) {
  const { Device } = await import("../../src/device/mod.ts");
  const { resolvePrecision } = await import("../../src/training/precision.ts");
  const { preparePlans } = await import("../../src/training/plans.ts");
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
  const { openDataset } = await import("../datasets.ts");
  const { checkAgainstImages } = await import("../../src/training/config.ts");
  const dataset = openDataset(config);
  checkAgainstImages(config, dataset.pretraining);
  if (dataset.labelled === null) remark(output, `${dataset.name} has no labelled images: the run is not evaluated`);
  return dataset;
}

/** Begins a run. Everything that can be refused is refused before its folder is made. */
async function begin(config: RunConfig, out: string, output: OutputOptions): Promise<void> {
  const { RunFolder } = await import("../../src/training/run_folder.ts");
  RunFolder.checkFree(out);
  const dataset = await openImages(config, output);
  const opened = await openDevice(config, config.plans, output);
  using device = opened.device;
  const run = RunFolder.create(out, config, opened.versions);
  using _lock = run.lock();
  await train(device, { run, checkpoint: null }, dataset, output).catch((error) => {
    run.discardIfUntrained();
    throw error;
  });
}

/** Goes on with a run. */
async function resume(command: CommandUnknownOpts, path: string, output: OutputOptions): Promise<void> {
  const { RunFolder } = await import("../../src/training/run_folder.ts");
  const { describeChanges, readResumption } = await import("../resumption.ts");
  const run = RunFolder.open(path);
  using _lock = run.lock();
  const resumption = await readResumption(command, run, (line) => remark(output, line));
  const { config, checkpoint } = resumption;
  const dataset = await openImages(config, output);
  const { checkImages } = await import("../../src/training/checkpoint.ts");
  if (checkpoint !== null) checkImages(checkpoint, dataset.pretraining.count);
  const { isFinished, stepsOf } = await import("../../src/training/trainer.ts");
  if (checkpoint !== null && isFinished(run, config, checkpoint, dataset)) {
    const { step } = checkpoint.state;
    const networks = run.metrics.evaluationAfter(step)?.networks ?? {};
    remark(output, `${path}: is finished, after ${step} steps; there is nothing to do`);
    return writeResult(output, { run: path, steps: step, seconds: 0, networks }, () => describeNetworks(networks));
  }
  const opened = await openDevice(config, run.plans() ?? config.plans, output);
  using device = opened.device;
  const changes = describeChanges(run.versions, opened.versions);
  if (changes !== null) remark(output, changes);
  remark(output, describeStart(resumption, stepsOf(config, dataset) / config.epochs));
  await train(device, { run: run.reconfigured(config), checkpoint }, dataset, output);
}

/** Begins a run, goes on with one, or says what it would be. */
async function runPretrain(command: CommandUnknownOpts): Promise<void> {
  const output = outputOptions(command);
  const { objective, printConfig, resume: resumed, stretchSchedule }: Record<string, unknown> = command.opts();
  if (objective === "list") return await listObjectives(output);
  if (typeof resumed === "string") return await resume(command, resumed, output);
  if (stretchSchedule === true) {
    throw new InvalidInputError("--stretch-schedule: is for a run that goes on; give --resume RUN, or leave it out");
  }
  const { config, out } = await readRequest(command);
  if (printConfig === true) return await showConfig(config, output);
  if (out === undefined || out === "") throw new InvalidInputError("pretrain writes a run folder: give --out RUN");
  await begin(config, out, output);
}

/** Adds `pretrain` to the program. */
export function addPretrain(program: CommandUnknownOpts): void {
  const command = program.command("pretrain")
    .description("train the dense and the gated encoder of one run, without labels")
    .option("--out <RUN>", "folder to make for the run; required, here or in the file")
    .option("--config <FILE>", "YAML file of options, keys as the flags here")
    .option("--preset <NAME>", `named set of options: ${Object.keys(presets).join(", ")}`)
    .option("--resume <RUN>", "go on with a run where it was stopped, at any step, as if it never had been")
    .option("--stretch-schedule", "with --resume and more --epochs: go on as in a run that long from its beginning")
    .option("--print-config", "print the whole configuration that this comes to, and train nothing")
    .action((_options, self) => runPretrain(self));
  addRunOptions(command, ownRunOptions);
  addCommonOptions(command);
  addExamples(command, [
    "sluice pretrain --preset demo --out runs/demo",
    "sluice pretrain --preset small --dataset cifar10 --data cifar-10-batches-bin --out runs/cifar",
    "sluice pretrain --config run.yaml --budget 0.5 --out runs/half --json",
    "sluice pretrain --resume runs/cifar",
    "sluice pretrain --preset paper-cifar10 --print-config",
  ]);
}
