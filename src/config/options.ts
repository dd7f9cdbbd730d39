/**
 * The table of a run's options: the one place with the type, default, rule and help of each.
 *
 * Command-line flags, keys of configuration files, validation and `--help` all follow from this table.
 *
 * @module
 */

import { z } from "zod";
import { architectures, stems } from "../models/spec.ts";
import type { ImageStoreOptions } from "../data/mod.ts";
import { datasetNames } from "../data/datasets/registry.ts";
import { objectiveNames } from "../objectives/mod.ts";
import { imageSide } from "./network.ts";
import type { RunConfig } from "./run_config.ts";
import {
  between,
  choice,
  count,
  LARGEST_COUNT,
  LARGEST_FLOAT,
  limit,
  number,
  onOff,
  SMALLEST_FLOAT,
} from "./option_kinds.ts";
import { precisions } from "../tensor/precision.ts";
import { budgetSchema } from "./budget_range.ts";
import { gateRows } from "./gate_rows.ts";
import type { RunOption } from "./run_option.ts";

export type { OptionGroup, OptionKind, OptionSchema, RunOption } from "./run_option.ts";
export type { RunConfig } from "./run_config.ts";

/** The type of the table: a row for every option of a run, keyed by its camelCase name. */
export type RunOptions = { readonly [Key in keyof RunConfig]: RunOption<RunConfig[Key]> };

/** Channels of the widest first stage: the largest convolution of a ResNet-18 then has 38 GB of weights. */
const WIDEST_STAGE = 4096;
/** Largest image side in pixels for which the default stem has no stride. */
const LARGEST_CIFAR_IMAGE = 64;
/** The default batch, if there are enough images and enough memory. */
export const USUAL_BATCH = 256;

const deviceWords = ["auto", "cpu", "cuda"] as const;
const deviceNames = z.templateLiteral(["cuda:", z.number().int().nonnegative()]);

/** The table, in the order of `--help` and `config.yaml`. */
export const runOptions: RunOptions = {
  dataset: {
    kind: "text",
    placeholder: "NAME",
    words: datasetNames,
    rule: "the name of a data set",
    schema: z.string().min(1),
    group: "data",
    help: "data set, one of `sluice data list`; shapes is drawn by code and needs no files",
    default: "shapes",
  },
  data: {
    kind: "text",
    placeholder: "DIR",
    rule: "a folder",
    schema: z.string().min(1).nullable(),
    group: "data",
    help: "folder of the data set's files",
    default: null,
  },
  trainImages: limit({
    group: "data",
    help: "use only N training images, spread evenly over class folders",
    defaultText: "all",
  }),
  testImages: limit({ group: "data", help: "use only N test images, chosen the same way", defaultText: "all" }),
  imageSize: {
    ...limit({
      group: "data",
      help: "height and width in pixels to which image files are resized and cropped",
      defaultText: "224",
    }),
    rule: "a whole number from 1 to 4096",
    schema: z.number().int().min(1).max(4096).nullable(),
  },
  classList: {
    kind: "text",
    placeholder: "FILE",
    rule: "a file",
    schema: z.string().min(1).nullable(),
    group: "data",
    help: "file that lists the class folders to use, one a line, in the order of their labels",
    default: null,
    defaultText: "all folders",
  },
  strict: onOff({
    group: "data",
    help: "stop with an error at a damaged image file instead of leaving it out",
    default: false,
  }),
  workers: count(
    0,
    { group: "data", help: "threads that read image files in advance; 0: one for each usable processor", default: 0 },
    256,
  ),
  arch: choice(architectures, { group: "network", help: "architecture", default: "resnet18" }),
  width: {
    ...count(4, { group: "network", help: "channels of the first stage", default: 64 }),
    rule: `a multiple of 4 from 4 to ${WIDEST_STAGE}`,
    schema: z.number().int().min(4).max(WIDEST_STAGE).multipleOf(4),
  },
  stem: choice(stems, {
    group: "network",
    help: "first layers",
    // Without a stride, a 224-pixel image costs 15 times as much as in the usual network.
    default: ({ dataset = "shapes", imageSize = null }) =>
      imageSide({ dataset, imageSize }) <= LARGEST_CIFAR_IMAGE ? "cifar" : "imagenet",
    defaultText: `cifar up to ${LARGEST_CIFAR_IMAGE} pixels, else imagenet`,
    earlier: "cifar",
  }),
  objective: choice(objectiveNames, {
    group: "objective",
    help: "self-supervised objective (`--objective list` describes each)",
    default: "vicreg",
  }),
  invariance: onOff({
    group: "objective",
    help: "use vicreg without its invariance term, for comparison",
    default: true,
  }),
  mode: choice(["dual", "vanilla", "gated"], {
    group: "objective",
    help: "passes of a training step: a dense and a gated one, two dense ones, or two gated ones",
    default: "dual",
  }),
  budget: {
    kind: "number",
    placeholder: "X",
    rule: "a number above 0 and at most 1, a range such as 0.1..0.9, or any",
    schema: budgetSchema,
    group: "budget",
    help:
      "target cost of the gated network as a share of the dense network's cost; or a range such as 0.1..0.9, or any: " +
      "costs that one run serves",
    default: 0.3,
  },
  recipe: choice(["default", "paper"], {
    group: "budget",
    help: "defaults for the beginning of a run with gates: gentle, or the paper's (`sluice help recipes`)",
    default: "default",
    earlier: "paper",
  }),
  budgetRule: choice(["default", "paper"], {
    group: "budget",
    help: "how training holds the budget: a controlled price on cost, or the paper's penalties",
    default: ({ recipe = "default" }) => recipe,
    defaultText: "as --recipe",
    earlier: "default",
  }),
  // The counter of a view's random numbers has room for 4096 epochs.
  epochs: number("a whole number from 1 to 4096", z.number().int().min(1).max(4096), {
    group: "training",
    help: "passes over the training images",
    default: 500,
  }),
  batch: count(2, {
    group: "training",
    help: "images per step",
    default: USUAL_BATCH,
    defaultText: `${USUAL_BATCH}, or less if there are fewer images or too little memory`,
  }, LARGEST_COUNT),
  dropLast: onOff({
    group: "training",
    help: "also train on the incomplete last batch of an epoch",
    default: true,
  }),
  lr: between(SMALLEST_FLOAT, LARGEST_FLOAT, {
    group: "training",
    help: "base learning rate",
    default: ({ batch = USUAL_BATCH }) => 0.3 * batch / 256,
    defaultText: "0.3 per 256 images of the batch",
  }),
  weightDecay: between(0, LARGEST_FLOAT, {
    group: "training",
    help: "weight decay",
    default: 1e-4,
  }),
  optimizer: choice(["lars", "sgd"], { group: "training", help: "optimiser", default: "lars" }),
  warmupEpochs: count(0, {
    group: "training",
    help: "epochs of learning-rate warm-up",
    // The first epoch of a warm-up has a learning rate near 0, which wastes too much of a run below 20 epochs.
    default: ({ epochs = 500 }) => epochs < 20 ? 0 : Math.min(10, Math.floor(epochs / 10)),
    defaultText: "10, or a tenth of the epochs if that is less; none below 20 epochs",
  }),
  projector: count(1, { group: "network", help: "width of the projector", default: 2048 }, LARGEST_COUNT),
  separateNorm: onOff({ group: "network", help: "use one set of norms for both passes", default: true }),
  zeroInitResidual: onOff({
    group: "network",
    help: "begin with residual branches of 0",
    default: false,
  }),
  separateEncoders: onOff({
    group: "network",
    help: "train two encoders that share no weights, for comparison",
    default: false,
  }),
  rotation: onOff({
    group: "objective",
    help: "rotate the dense pass's views by quarter turns, and also learn to predict the turn",
    default: false,
  }),
  rotationHead: {
    ...choice(["paper", "relu"], {
      group: "objective",
      help: "the rotation head of the paper, or the head and warm-up of sluice's first version",
      default: "paper",
    }),
    earlier: ({ rotation }) => rotation ? "relu" : "paper",
    hidden: true,
  },
  symmetric: onOff({
    group: "objective",
    help: "send each view through both passes, at twice the cost",
    default: false,
  }),
  ...gateRows,
  evalEvery: count(0, { group: "evaluation", help: "epochs between two k-NN evaluations; 0: none", default: 1 }),
  checkpointEvery: count(0, {
    group: "evaluation",
    help: "epochs between two checkpoints that are kept for good; 0: keep only the last ones",
    default: 0,
  }),
  keepCheckpoints: count(1, {
    group: "evaluation",
    help: "number of last checkpoints to keep; one is saved after each epoch",
    default: 2,
  }),
  seed: count(0, { group: "training", help: "seed of all random numbers", default: 0 }),
  device: {
    kind: "text",
    placeholder: "auto|cpu|cuda:N",
    words: deviceWords,
    rule: "auto, cpu, cuda or cuda:N",
    schema: z.union([z.enum(deviceWords), deviceNames]),
    group: "device",
    help: "device to compute on",
    default: "auto",
  },
  precision: choice(["auto", ...precisions], {
    group: "device",
    help: "precision of activations and matrix operands; auto: bf16 if the device multiplies it; " +
      "tf32: GPUs only",
    default: "auto",
  }),
  threads: count(
    0,
    { group: "device", help: "CPU threads; 0: one for each usable processor", default: 0 },
    4096,
  ),
  dataOnDevice: onOff({
    group: "device",
    help: "keep the images in host memory, and upload one batch at a time",
    default: true,
  }),
  autotune: onOff({
    group: "device",
    help: "measure a GPU's convolution engines, and store the fastest in the run",
    default: false,
  }),
  cudaGraph: onOff({
    group: "device",
    help: "record a GPU's training step once, and repeat it with one call",
    default: false,
  }),
  plans: {
    kind: "text",
    placeholder: "FILE",
    rule: "a file",
    schema: z.string().min(1).nullable(),
    group: "device",
    help: "use the convolution engines that another run measured: its plans.txt",
    default: null,
  },
};

/** The camelCase names of all options, in the table's order. */
export const runOptionNames: readonly (keyof RunConfig)[] = Object.keys(runOptions) as (keyof RunConfig)[];

/** Options of paths and of the device, which do not define the result: a run may resume with other values. */
export const machineOptions = [
  "data",
  "classList",
  "workers",
  "device",
  "threads",
  "dataOnDevice",
  "autotune",
  "cudaGraph",
  "plans",
] as const;

/** Options whose value is a path. */
export const pathOptions = ["data", "classList", "plans"] as const satisfies readonly (keyof RunConfig)[];

/** Options that have no effect on a run without gates. */
export const gateOptions: readonly (keyof RunConfig)[] = [
  "budget",
  "recipe",
  "budgetRule",
  ...runOptionNames.filter((name) => name in gateRows),
];

/**
 * `trainImages` -> `train-images`: an option's name as a flag (without dashes) and as a key of a configuration file.
 */
export function kebabCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** The options of a run's image store. */
export function storeOptions({ dataOnDevice, workers, strict }: RunConfig): ImageStoreOptions {
  return { onDevice: dataOnDevice, workers, strict };
}
