/**
 * What `sluice bench` does.
 *
 * @module
 */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { benchAugment } from "../../src/bench/augment.ts";
import { benchCheckpoint } from "../../src/bench/checkpoint.ts";
import { benchFolder } from "../../src/bench/folder.ts";
import { IMAGE_SIDE } from "../../src/bench/images.ts";
import { benchInfer } from "../../src/bench/infer.ts";
import { benchRun } from "../../src/bench/infer_run.ts";
import { benchLoader } from "../../src/bench/loader.ts";
import { benchOperations } from "../../src/bench/operations.ts";
import { benchStep } from "../../src/bench/step.ts";
import { benchSweep, sweepConfigs } from "../../src/bench/sweep.ts";
import { resolveConfig, type RunConfig, withGiven } from "../../src/config/config.ts";
import { openDataset } from "../../src/config/open_dataset.ts";
import { images, readerThreads } from "../../src/data/mod.ts";
import { Device } from "../../src/device/mod.ts";
import { kebabCase } from "../../src/config/options.ts";
import { InvalidInputError } from "../../src/errors.ts";
import { TIMED_IMAGES, type Timing } from "../../src/evaluation/mod.ts";
import { RunFolder } from "../../src/run/run_folder.ts";
import { fitConfig } from "../../src/training/fitted_config.ts";
import { drawnImages, imageMemory } from "../../src/training/memory_need.ts";
import { openDevice } from "../device.ts";
import {
  encoderOptions,
  givenRunOptions,
  INFERENCE_PRECISION,
  inferencePrecision,
  outputOptions,
  wholeNumber,
} from "../options.ts";
import { checkFolder, chooseNetworks } from "../requests.ts";
import { readSlimSize } from "../slim.ts";
import {
  describeNoise,
  formatAugmentation,
  formatCheckpoint,
  formatFolder,
  formatInference,
  formatLoader,
  formatRunInference,
  formatStep,
  formatSweep,
} from "../ui/benchmarks.ts";
import { type OutputOptions, remark, writeResult } from "../ui/output.ts";
import { formatBenchmark } from "../ui/selftest.ts";
import { SkippedRemarks } from "../ui/skipped.ts";

/** Default stem of a sweep: the stem of the published CIFAR results. */
const SWEEP_STEM = "cifar-paper";

/** A benchmark that prints its own result. */
type Benchmark = (device: Device, config: RunConfig, output: OutputOptions) => void | Promise<void>;

/** The most images in a batch that is timed: all of them are in memory. */
const MOST_IMAGES = 4096;
/** The most steps to time: each time is kept in memory. */
const MOST_STEPS = 1_000_000;

function parseSteps(text: unknown): { readonly steps?: number } {
  if (text === undefined) return {};
  return { steps: wholeNumber("steps", text, `a whole number from 1 to ${MOST_STEPS}`, 1, MOST_STEPS) };
}

function stepBenchmark(options: { readonly steps?: number; readonly profiled: boolean }): Benchmark {
  return (device, config, output) => {
    const result = benchStep(device, config, options);
    writeResult(output, result, () => formatStep(result));
  };
}

function sweepBenchmark(given: ReadonlySet<string>, options: { readonly steps?: number }): Benchmark {
  return (device, config, output) => {
    const configs = sweepConfigs(config, given, device);
    let done = 0;
    const rows = benchSweep(configs, {
      ...options,
      progress: ({ width, batch, precision, threads, msPerStep }) => {
        const step = `width ${width}, batch ${batch}, ${precision}, ${threads} threads: ${msPerStep.toFixed(1)} ms`;
        remark(output, `${++done} of ${configs.length}: ${step}`);
      },
    });
    writeResult(output, rows, () => formatSweep(rows));
  };
}

/** Says that times differ too much to compare, if they do. */
function remarkNoise(output: OutputOptions, timings: readonly Timing[]): void {
  const line = describeNoise(timings);
  if (line !== null) remark(output, line);
}

/** The batch sizes that `bench infer` is asked for. */
function parseBatches(text: unknown): { readonly batches?: readonly number[] } {
  if (text === undefined) return {};
  return { batches: [wholeNumber("batch", text, `a whole number from 1 to ${MOST_IMAGES}`, 1, MOST_IMAGES)] };
}

const augmentBenchmark: Benchmark = (device, config, output) => {
  const result = benchAugment(device, config);
  writeResult(output, result, () => formatAugmentation(result));
};

const checkpointBenchmark: Benchmark = async (device, config, output) => {
  const result = await benchCheckpoint(device, config, Deno.cwd());
  writeResult(output, result, () => formatCheckpoint(result));
};

/** Times training with the loader on a data set; its images decide the default batch. */
export function runLoader(command: CommandUnknownOpts): void {
  const sources = { flags: givenRunOptions(command) };
  const asked = resolveConfig(sources);
  const dataset = openDataset(asked);
  const output = outputOptions(command);
  using device = openDevice(asked, output);
  const { config } = fitConfig(sources, device, imageMemory(dataset));
  const result = benchLoader(device, config, dataset);
  writeResult(output, result, () => formatLoader(result));
}

/** Times the reading of image files. The CPU library decodes them, so no other device is opened. */
export function runFolder(folder: string, command: CommandUnknownOpts): void {
  checkFolder(folder, "a folder of image files");
  const { threads, imageSize } = resolveConfig({ flags: givenRunOptions(command) });
  const dataset = images.open({ data: folder, seed: 0, ...(imageSize === null ? {} : { imageSize }) });
  using device = Device.open({ device: "cpu", threads: 1 });
  const result = benchFolder(device, dataset, readerThreads(threads));
  writeResult(outputOptions(command), result, () => formatFolder(result));
}

const operationsBenchmark: Benchmark = (device, _config, output) => {
  const result = benchOperations(device, (row) => {
    if (output.verbose) remark(output, `${row.operation}, ${row.case}: ${row.milliseconds.toFixed(3)} ms`);
  });
  writeResult(output, result, () => formatBenchmark(result));
};

async function runBench(benchmark: Benchmark, command: CommandUnknownOpts, defaults: object = {}): Promise<void> {
  const sources = { flags: { ...defaults, ...givenRunOptions(command) } };
  const asked = resolveConfig(sources);
  const output = outputOptions(command);
  using device = openDevice(asked, output);
  const { config } = fitConfig(sources, device, drawnImages(IMAGE_SIDE));
  await benchmark(device, config, output);
}

/** Times a training step, or with --sweep steps of many kinds. */
export async function runStep(command: CommandUnknownOpts): Promise<void> {
  const { steps: text, profile, sweep }: Record<string, unknown> = command.opts();
  const steps = parseSteps(text);
  if (sweep !== true) return await runBench(stepBenchmark({ ...steps, profiled: profile === true }), command);
  if (profile === true) throw new InvalidInputError("--profile: profiles a single step; give it without --sweep");
  await runBench(sweepBenchmark(new Set(Object.keys(givenRunOptions(command))), steps), command, { stem: SWEEP_STEM });
}

/** The options of a run that the command line sets. `--batch` is none: it means the images that are timed together. */
function inferenceOptions(command: CommandUnknownOpts): Record<string, unknown> {
  const { batch: _, ...given } = givenRunOptions(command);
  return given;
}

/** Times the networks of the run in a folder. */
function inferRun(path: string, command: CommandUnknownOpts): void {
  const output = outputOptions(command);
  const given = inferenceOptions(command);
  const own = encoderOptions.find((name) => name in given);
  if (own !== undefined) {
    throw new InvalidInputError(`--${kebabCase(own)}: the networks of ${path} have their own; leave it out`);
  }
  const { data, batch, network }: Record<string, unknown> = command.opts();
  const batches = parseBatches(batch);
  const run = RunFolder.open(path);
  const names = chooseNetworks(network, run.config);
  const slim = readSlimSize(command, run.config, names);
  const asked = withGiven(run.config, given);
  const config = { ...asked, precision: inferencePrecision(asked, command) };
  const checkpoint = run.latestCheckpoint((line) => remark(output, line));
  const dataset = openDataset(run.config, typeof data === "string" ? data : run.config.data);
  using device = openDevice(config, output);
  const { selection } = dataset.origin ?? {};
  if (selection) remark(output, selection.line);
  const skipped = new SkippedRemarks(output);
  for (const image of dataset.skipped) skipped.add(image);
  const result = benchRun(device, config, checkpoint, dataset, {
    ...batches,
    names,
    slim,
    skipped: (image) => skipped.add(image),
  });
  skipped.conclude("sluice data verify names them");
  // Masks differ by image, and so does a gated network's time for few images.
  const steady = result.rows.filter(({ batch, network }) => network !== "gated" || batch >= TIMED_IMAGES);
  remarkNoise(output, steady.map(({ milliseconds, spread }) => ({ median: milliseconds, spread })));
  writeResult(output, result, () => formatRunInference(result));
}

/** Times the dense and the gated network. */
export function runInfer(path: string | undefined, command: CommandUnknownOpts): void {
  if (path !== undefined) return inferRun(path, command);
  const { batch, ...others }: Record<string, unknown> = command.opts();
  const ofRun = ["data", "network", "cost", "channelMultiple"].find((name) => others[name] !== undefined);
  if (ofRun !== undefined) {
    throw new InvalidInputError(`--${kebabCase(ofRun)}: is for the networks of a run; give RUN as well`);
  }
  const batches = parseBatches(batch);
  const output = outputOptions(command);
  const config = resolveConfig({ flags: { precision: INFERENCE_PRECISION, ...inferenceOptions(command) } });
  using device = openDevice(config, output);
  const result = benchInfer(device, config, batches);
  const timings = result.rows.flatMap(({ denseMs, denseSpread, gatedMs, gatedSpread }) => [
    { median: denseMs, spread: denseSpread },
    { median: gatedMs, spread: gatedSpread },
  ]);
  remarkNoise(output, timings);
  writeResult(output, result, () => formatInference(result));
}

/** Times augmentation. */
export function runAugment(command: CommandUnknownOpts): Promise<void> {
  return runBench(augmentBenchmark, command);
}

/** Times a checkpoint. */
export function runCheckpoint(command: CommandUnknownOpts): Promise<void> {
  return runBench(checkpointBenchmark, command);
}

/** Times single operations. */
export function runOperations(command: CommandUnknownOpts): Promise<void> {
  return runBench(operationsBenchmark, command);
}
