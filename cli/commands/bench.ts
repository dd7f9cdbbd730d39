/**
 * `sluice bench`: how fast this machine trains, infers and computes single operations.
 *
 * @module
 */

import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import type { Device } from "../../src/device/mod.ts";
import { InvalidInputError } from "../../src/errors.ts";
import type { RunConfig } from "../../src/config/config.ts";
import {
  addCommonOptions,
  addExamples,
  addRunOptions,
  givenRunOptions,
  outputOptions,
  wholeNumber,
} from "../options.ts";
import {
  formatAugmentation,
  formatCheckpoint,
  formatFolder,
  formatInference,
  formatLoader,
  formatStep,
  formatSweep,
} from "../ui/benchmarks.ts";
import { type OutputOptions, remark, writeResult } from "../ui/output.ts";
import { formatBenchmark } from "../ui/selftest.ts";
import { checkFolder } from "../requests.ts";

const networkOptions = ["arch", "stem", "width", "projector", "batch", "mode", "budget"] as const;

const dataOptions = ["dataset", "data", "trainImages", "imageSize", "workers", "dataOnDevice"] as const;

/** The stem of a sweep, where none is given: that of the published CIFAR results. */
const SWEEP_STEM = "cifar-paper";

/** One benchmark: prints its own result. */
type Benchmark = (device: Device, config: RunConfig, output: OutputOptions) => Promise<void>;

/** The most steps that are timed, each of which is kept. */
const MOST_STEPS = 1_000_000;

/** The number of steps asked for. */
function parseSteps(text: unknown): { readonly steps?: number } {
  if (text === undefined) return {};
  return { steps: wholeNumber("steps", text, `a whole number from 1 to ${MOST_STEPS}`, 1, MOST_STEPS) };
}

function benchStep(options: { readonly steps?: number; readonly profiled: boolean }): Benchmark {
  return async (device, config, output) => {
    const { benchStep: measure } = await import("../../src/bench/step.ts");
    const result = measure(device, config, options);
    writeResult(output, result, () => formatStep(result));
  };
}

function benchSweep(given: ReadonlySet<string>, options: { readonly steps?: number }): Benchmark {
  return async (device, config, output) => {
    const { benchSweep: measure, sweepConfigs } = await import("../../src/bench/sweep.ts");
    const configs = sweepConfigs(config, given, device);
    let done = 0;
    const rows = measure(configs, {
      ...options,
      progress: ({ width, batch, precision, threads, msPerStep }) => {
        const step = `width ${width}, batch ${batch}, ${precision}, ${threads} threads: ${msPerStep.toFixed(1)} ms`;
        remark(output, `${++done} of ${configs.length}: ${step}`);
      },
    });
    writeResult(output, rows, () => formatSweep(rows));
  };
}

const benchInfer: Benchmark = async (device, config, output) => {
  const { benchInfer: measure } = await import("../../src/bench/infer.ts");
  const result = measure(device, config);
  writeResult(output, result, () => formatInference(result));
};

const benchAugment: Benchmark = async (device, config, output) => {
  const { benchAugment: measure } = await import("../../src/bench/augment.ts");
  const result = measure(device, config);
  writeResult(output, result, () => formatAugmentation(result));
};

const benchCheckpoint: Benchmark = async (device, config, output) => {
  const { benchCheckpoint: measure } = await import("../../src/bench/checkpoint.ts");
  const result = await measure(device, config, Deno.cwd());
  writeResult(output, result, () => formatCheckpoint(result));
};

/** The loader on a data set, whose images decide the default batch. */
async function runLoader(command: CommandUnknownOpts): Promise<void> {
  const { benchLoader } = await import("../../src/bench/loader.ts");
  const { resolveConfig } = await import("../../src/config/config.ts");
  const { fitConfig } = await import("../../src/training/fitted_config.ts");
  const { imageMemory } = await import("../../src/training/memory_need.ts");
  const { openDataset } = await import("../datasets.ts");
  const { Device } = await import("../../src/device/mod.ts");
  const sources = { flags: givenRunOptions(command) };
  const asked = resolveConfig(sources);
  const dataset = openDataset(asked);
  using device = Device.open({ device: asked.device, threads: asked.threads });
  const { config } = fitConfig(sources, device, imageMemory(dataset));
  const result = benchLoader(device, config, dataset);
  writeResult(outputOptions(command), result, () => formatLoader(result));
}

/** Image files need no device; what decodes them is in either library. */
async function runFolder(folder: string, command: CommandUnknownOpts): Promise<void> {
  checkFolder(folder, "a folder of image files");
  const { resolveConfig } = await import("../../src/config/config.ts");
  const { threads, imageSize } = resolveConfig({ flags: givenRunOptions(command) });
  const { images, readerThreads } = await import("../../src/data/mod.ts");
  const { benchFolder } = await import("../../src/bench/folder.ts");
  const { Device } = await import("../../src/device/mod.ts");
  const dataset = images.open({ data: folder, seed: 0, ...(imageSize === null ? {} : { imageSize }) });
  using device = Device.open({ device: "cpu", threads: 1 });
  const result = benchFolder(device, dataset, readerThreads(threads));
  writeResult(outputOptions(command), result, () => formatFolder(result));
}

const benchOperations: Benchmark = async (device, _config, output) => {
  const { benchOperations: measure } = await import("../../src/bench/operations.ts");
  const result = measure(device, (row) => {
    if (output.verbose) remark(output, `${row.operation}, ${row.case}: ${row.milliseconds.toFixed(3)} ms`);
  });
  writeResult(output, result, () => formatBenchmark(result));
};

async function runBench(benchmark: Benchmark, command: CommandUnknownOpts, defaults: object = {}): Promise<void> {
  const { resolveConfig } = await import("../../src/config/config.ts");
  const { fitConfig } = await import("../../src/training/fitted_config.ts");
  const { drawnImages } = await import("../../src/training/memory_need.ts");
  const { IMAGE_SIDE } = await import("../../src/bench/images.ts");
  const { Device } = await import("../../src/device/mod.ts");
  const sources = { flags: { ...defaults, ...givenRunOptions(command) } };
  const asked = resolveConfig(sources);
  using device = Device.open({ device: asked.device, threads: asked.threads });
  const { config } = fitConfig(sources, device, drawnImages(IMAGE_SIDE));
  await benchmark(device, config, outputOptions(command));
}

async function runStep(command: CommandUnknownOpts): Promise<void> {
  const { steps: text, profile, sweep }: Record<string, unknown> = command.opts();
  const steps = parseSteps(text);
  if (sweep !== true) return await runBench(benchStep({ ...steps, profiled: profile === true }), command);
  if (profile === true) throw new InvalidInputError("--profile is of one step: give it without --sweep");
  await runBench(benchSweep(new Set(Object.keys(givenRunOptions(command))), steps), command, { stem: SWEEP_STEM });
}

function addBenchStep(bench: CommandUnknownOpts): void {
  const step = bench.command("step").description("milliseconds of one training step, and where they go")
    .option("--profile", "where the time of a step goes, by native function")
    .option(
      "--sweep",
      "widths 16 to 64, batches, precisions and thread counts; what is given with a flag stays as given",
    )
    .option("--steps <N>", "steps that are timed (default: 5, each of a sweep 3)")
    .action((_options, self) => runStep(self));
  addRunOptions(step, networkOptions);
  addCommonOptions(step);
  addExamples(step, [
    "sluice bench step --width 16 --stem cifar-paper --projector 512",
    "sluice bench step --profile --threads 1",
    "sluice bench step --sweep --width 16",
    "sluice bench step --json",
  ]);
}

/** Adds `bench` with its kinds to the program. */
export function addBench(program: CommandUnknownOpts): void {
  const bench = program.command("bench").helpCommand(false).description(
    "speed of this machine: training step, inference, augmentation, image files, checkpoints, operations",
  );
  addBenchStep(bench);
  const infer = bench.command("infer")
    .description("milliseconds of the dense and the gated network at batch 1 and 64, by share of open channels")
    .action((_options, self) => runBench(benchInfer, self));
  addRunOptions(infer, networkOptions);
  addCommonOptions(infer);
  addExamples(infer, ["sluice bench infer --budget 0.3", "sluice bench infer --width 16 --json"]);
  const augment = bench.command("augment")
    .description("milliseconds for the two views of a batch of 32 x 32 images, parameters drawn for each")
    .action((_options, self) => runBench(benchAugment, self));
  addRunOptions(augment, ["batch"]);
  addCommonOptions(augment);
  addExamples(augment, ["sluice bench augment", "sluice bench augment --batch 64 --threads 1 --json"]);
  const loader = bench.command("loader")
    .description("training with the loader beside training on one batch that is there already")
    .action((_options, self) => runLoader(self));
  addRunOptions(loader, [...dataOptions, ...networkOptions]);
  addCommonOptions(loader);
  addExamples(loader, [
    "sluice bench loader --width 16 --stem cifar-paper --projector 512",
    "sluice bench loader --dataset folder --data photographs --width 16 --stem imagenet",
  ]);
  const checkpoint = bench.command("checkpoint")
    .description("how long training waits for a checkpoint, and the disk here takes for it")
    .action((_options, self) => runBench(benchCheckpoint, self));
  addRunOptions(checkpoint, networkOptions);
  addCommonOptions(checkpoint);
  addExamples(checkpoint, ["sluice bench checkpoint", "sluice bench checkpoint --width 16 --projector 512 --json"]);
  const folder = bench.command("folder").argument("<DIR>", "folder of image files")
    .description("images a second that are read, decoded and cropped, by --threads threads")
    .action((path, _options, self) => runFolder(path, self));
  addRunOptions(folder, ["imageSize"]);
  addCommonOptions(folder);
  addExamples(folder, [
    "sluice bench folder photographs",
    "sluice bench folder icons --image-size 32 --threads 1 --json",
  ]);
  const ops = bench.command("ops")
    .description("milliseconds of single operations beside what memory and processor allow")
    .action((_options, self) => runBench(benchOperations, self));
  addCommonOptions(ops);
  addExamples(ops, ["sluice bench ops", "sluice bench ops --threads 1 --json"]);
  addExamples(bench, [
    "sluice bench step",
    "sluice bench infer",
    "sluice bench augment",
    "sluice bench folder photographs",
    "sluice bench checkpoint",
    "sluice bench ops",
  ]);
}
