/**
 * `sluice bench`: how fast this machine trains, infers and computes single operations.
 *
 * @module
 */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { networkNames } from "../../src/models/network_names.ts";
import {
  addCommonOptions,
  addExamples,
  addInferenceOptions,
  addOutputOptions,
  addRunOptions,
  addSlimOptions,
  encoderOptions,
  listsOf,
  wordOption,
} from "../options.ts";

const networkOptions = ["arch", "stem", "width", "projector", "batch", "mode", "budget"] as const;
const dataOptions = ["dataset", "data", "trainImages", "imageSize", "workers", "dataOnDevice"] as const;

/** Loads the benchmarks, when one of them runs. */
const actions = () => import("./bench_action.ts");

function addBenchStep(bench: CommandUnknownOpts): void {
  const step = bench.command("step").description("milliseconds of one training step, and where they go")
    .option("--profile", "print where the time of a step goes, by native function")
    .option(
      "--sweep",
      "time widths 16 to 64, batches, precisions and thread counts; a flag fixes its setting",
    )
    .option("--steps <N>", "steps to time (default: 5; with --sweep 3 of each kind)")
    .action(async (_options, self) => (await actions()).runStep(self));
  addRunOptions(step, [...networkOptions, "cudaGraph"]);
  addCommonOptions(step);
  addExamples(step, [
    "sluice bench step --width 16 --stem cifar-paper --projector 512",
    "sluice bench step --profile --threads 1",
    "sluice bench step --sweep --width 16",
    "sluice bench step --json",
  ]);
}

function addBenchInfer(bench: CommandUnknownOpts): void {
  const infer = bench.command("infer")
    .argument("[RUN]", "folder of a run: times its own networks on its images, with the masks that its gates decide on")
    .description(
      "milliseconds of the dense and the gated network, for several shares of open channels or those of a run",
    )
    .option("--batch <N>", "images in a batch (default: 1, then 64)")
    .option("--data <DIR>", "folder of the data set's files of RUN (default: as in training)")
    .addOption(
      wordOption(
        "--network <LIST>",
        "networks of RUN: dense, gated, slim (default: all that were trained)",
        listsOf(networkNames),
      ),
    )
    .action(async (path, _options, self) => (await actions()).runInfer(path, self));
  addRunOptions(infer, encoderOptions);
  addSlimOptions(infer);
  addInferenceOptions(infer);
  addExamples(infer, [
    "sluice bench infer --budget 0.3",
    "sluice bench infer --width 64 --gate-group 16 --batch 1 --json",
    "sluice bench infer runs/demo",
    "sluice bench infer runs/demo --network dense,gated,slim",
  ]);
}

/** Adds `bench` with its kinds to the program. */
export function addBench(program: CommandUnknownOpts): void {
  const bench = program.command("bench").helpCommand(false).description(
    "measures the speed of this machine: training step, inference, augmentation, image files, checkpoints, " +
      "exported networks, operations",
  );
  addBenchStep(bench);
  addBenchInfer(bench);
  const augment = bench.command("augment")
    .description("milliseconds to make the two augmented views of a batch of 32 x 32 images")
    .action(async (_options, self) => (await actions()).runAugment(self));
  addRunOptions(augment, ["batch"]);
  addCommonOptions(augment);
  addExamples(augment, ["sluice bench augment", "sluice bench augment --batch 64 --threads 1 --json"]);
  const loader = bench.command("loader")
    .description("speed of training with the loader, compared with training on one batch in memory")
    .action(async (_options, self) => (await actions()).runLoader(self));
  addRunOptions(loader, [...dataOptions, ...networkOptions]);
  addCommonOptions(loader);
  addExamples(loader, [
    "sluice bench loader --width 16 --stem cifar-paper --projector 512",
    "sluice bench loader --dataset folder --data photographs --width 16 --stem imagenet",
  ]);
  const checkpoint = bench.command("checkpoint")
    .description("how long training waits for a checkpoint, and how long this disk takes to write it")
    .action(async (_options, self) => (await actions()).runCheckpoint(self));
  addRunOptions(checkpoint, networkOptions);
  addCommonOptions(checkpoint);
  addExamples(checkpoint, ["sluice bench checkpoint", "sluice bench checkpoint --width 16 --projector 512 --json"]);
  const folder = bench.command("folder").argument("<DIR>", "folder of image files")
    .description("images per second that --threads threads read, decode and crop")
    .action(async (path, _options, self) => (await actions()).runFolder(path, self));
  addRunOptions(folder, ["imageSize"]);
  addCommonOptions(folder);
  addExamples(folder, [
    "sluice bench folder photographs",
    "sluice bench folder icons --image-size 32 --threads 1 --json",
  ]);
  const exported = bench.command("export").argument("<FILE>", "ONNX file of sluice export")
    .description("milliseconds of an exported network in ONNX Runtime (of the python3 on PATH) and in sluice")
    .option("--batch <N>", "images in a batch (default: 1, 8, then 64)")
    .action(async (path, _options, self) => (await import("./bench_export_action.ts")).runBenchExport(path, self));
  addRunOptions(exported, ["threads"]);
  addOutputOptions(exported);
  addExamples(exported, [
    "sluice bench export runs/demo/exports/slim-0.3.onnx",
    "sluice bench export slim.onnx --batch 1 --threads 1 --json",
  ]);
  const ops = bench.command("ops")
    .description("milliseconds of each operation, compared with the limits of memory and processor")
    .action(async (_options, self) => (await actions()).runOperations(self));
  addCommonOptions(ops);
  addExamples(ops, ["sluice bench ops", "sluice bench ops --threads 1 --json"]);
  addExamples(bench, [
    "sluice bench step",
    "sluice bench infer",
    "sluice bench augment",
    "sluice bench folder photographs",
    "sluice bench checkpoint",
    "sluice bench export slim.onnx",
    "sluice bench ops",
  ]);
}
