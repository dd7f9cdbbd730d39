/**
 * The table of a run's options: the one place where each has its type, default, rule and help.
 *
 * Command-line flags, keys of configuration files, their validation and `--help` are all made from this table.
 *
 * @module
 */

import { z } from "zod";
import { architectures, GATE_REDUCTION, stems } from "../models/spec.ts";
import type { ImageStoreOptions } from "../data/mod.ts";
import { datasetNames } from "../data/datasets/registry.ts";
import { objectiveNames } from "../objectives/mod.ts";
import { imageSide } from "./network.ts";
import type { RunConfig } from "./run_config.ts";
import type { OptionSchema, RunOption } from "./run_option.ts";

export type { OptionGroup, OptionKind, OptionSchema, RunOption } from "./run_option.ts";
export type { RunConfig } from "./run_config.ts";

/** A row for every option of a run. */
export type RunOptions = { readonly [Key in keyof RunConfig]: RunOption<RunConfig[Key]> };

/** What a function of the rows below may leave open. */
type Details<T> = Pick<RunOption<T>, "group" | "help" | "default"> & { readonly defaultText?: string };

/** Columns of the longest placeholder: a longer one leaves no room for what stands beside it. */
const LONGEST_PLACEHOLDER = 32;

/** An option that is one of a few words. */
function choice<const Word extends string>(words: readonly Word[], details: Details<Word>): RunOption<Word> {
  const list = words.join("|");
  const rule = words.join(" or ");
  const common = { kind: "text", words, rule, schema: z.enum(words), ...details } as const;
  if (list.length <= LONGEST_PLACEHOLDER) return { ...common, placeholder: list };
  return { ...common, placeholder: "NAME", help: `${details.help}: ${words.join(", ")}` };
}

/** An option that is a whole number in a range. */
function count(smallest: number, details: Details<number>, largest = Number.MAX_SAFE_INTEGER): RunOption<number> {
  const schema = z.number().int().min(smallest).max(largest);
  const rule = `a whole number from ${smallest} to ${largest}`;
  return { kind: "number", placeholder: "N", rule, schema, ...details };
}

/** An option that is a whole number from 1 on, or null. */
function limit(details: Omit<Details<number | null>, "default">): RunOption<number | null> {
  return {
    ...count(1, { ...details, default: 1 }),
    schema: z.number().int().min(1).max(Number.MAX_SAFE_INTEGER).nullable(),
    default: null,
  };
}

/** An option that is a number in a range. */
function number(rule: string, schema: OptionSchema<number>, details: Details<number>): RunOption<number> {
  return { kind: "number", placeholder: "X", rule, schema, ...details };
}

/** An option that is a number from `smallest` to `largest`. */
function between(smallest: number, largest: number, details: Details<number>): RunOption<number> {
  return number(`a number from ${smallest} to ${largest}`, z.number().min(smallest).max(largest), details);
}

/** The widest first stage whose weights fit a device: 38 GB for the largest convolution of a ResNet-18. */
const WIDEST_STAGE = 4096;
/** The most images of a step, channels of a projector and the like: beyond what any machine has memory for. */
const LARGEST_COUNT = 65_536;
/** Numbers that 32-bit floats hold to full precision, rounded inwards. */
const [SMALLEST_FLOAT, LARGEST_FLOAT] = [1e-37, 1e38];
/** Temperatures, and biases without their signs, beyond which gates are only open or only closed. */
const [COLDEST, EXTREME] = [1e-6, 1e6];

/** An option that is on or off. */
function onOff(details: Details<boolean>): RunOption<boolean> {
  return { kind: "switch", placeholder: "", rule: "true or false", schema: z.boolean(), ...details };
}

/** Height and width in pixels up to which the first layers keep an image's size, if nobody names a stem. */
const LARGEST_CIFAR_IMAGE = 64;
/** Images a step, if there are as many and memory for them. */
export const USUAL_BATCH = 256;

const deviceWords = ["auto", "cpu", "cuda"] as const;
const deviceNames = z.templateLiteral(["cuda:", z.number().int().nonnegative()]);

/** The table. The order is that of `--help` and of `config.yaml`. */
export const runOptions: RunOptions = {
  dataset: {
    kind: "text",
    placeholder: "NAME",
    words: datasetNames,
    rule: "the name of a data set",
    schema: z.string().min(1),
    group: "data",
    help: "data set, as `sluice data list` names them; shapes is drawn by code and needs no files",
    default: "shapes",
  },
  data: {
    kind: "text",
    placeholder: "DIR",
    rule: "a folder",
    schema: z.string().min(1).nullable(),
    group: "data",
    help: "folder with the data set's files",
    default: null,
  },
  trainImages: limit({
    group: "data",
    help: "use only N training images, of class folders spread evenly",
    defaultText: "all",
  }),
  testImages: limit({ group: "data", help: "use only N test images, likewise", defaultText: "all" }),
  imageSize: {
    ...limit({
      group: "data",
      help: "height and width that image files are brought to, in pixels",
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
    help: "class folders to use, one a line, in the order of their labels",
    default: null,
    defaultText: "all folders",
  },
  strict: onOff({
    group: "data",
    help: "end with an error at a damaged image file, instead of leaving it out",
    default: false,
  }),
  workers: count(
    0,
    { group: "data", help: "threads that read image files ahead, 0: one for each usable processor", default: 0 },
    256,
  ),
  arch: choice(architectures, { group: "network", help: "architecture", default: "resnet18" }),
  width: {
    ...count(4, { group: "network", help: "channels of the first stage", default: 64 }),
    rule: `a multiple of 4 from 4 to ${WIDEST_STAGE}`,
    schema: z.number().int().min(4).max(WIDEST_STAGE).multipleOf(4),
  },
  stem: {
    ...choice(stems, {
      group: "network",
      help: "first layers",
      // Without a stride, images of 224 pixels cost 15 times as much as the network is meant to.
      default: ({ dataset = "shapes", imageSize = null }) =>
        imageSide({ dataset, imageSize }) <= LARGEST_CIFAR_IMAGE ? "cifar" : "imagenet",
      defaultText: `cifar up to ${LARGEST_CIFAR_IMAGE} pixels, else imagenet`,
    }),
    earlier: "cifar",
  },
  objective: choice(objectiveNames, {
    group: "objective",
    help: "self-supervised objective, which `--objective list` describes",
    default: "vicreg",
  }),
  invariance: onOff({ group: "objective", help: "vicreg without its invariance term, for comparison", default: true }),
  mode: choice(["dual", "vanilla", "gated"], {
    group: "objective",
    help: "which passes a step makes",
    default: "dual",
  }),
  budget: number("a number above 0 and at most 1", z.number().gt(0).lte(1), {
    group: "budget",
    help: "target cost of the gated network, as a share of the dense one's",
    default: 0.3,
  }),
  budgetRule: choice(["default", "paper"], {
    group: "budget",
    help: "what holds the budget: a controlled price on cost, or the published penalties",
    default: "default",
  }),
  // The address of a view's random numbers has room for so many epochs.
  epochs: number("a whole number from 1 to 4096", z.number().int().min(1).max(4096), {
    group: "training",
    help: "passes over the training images",
    default: 500,
  }),
  batch: count(2, {
    group: "training",
    help: "images a step",
    default: USUAL_BATCH,
    defaultText: `${USUAL_BATCH}, or as many as there are images or memory for`,
  }, LARGEST_COUNT),
  dropLast: onOff({
    group: "training",
    help: "train on what is left over after an epoch's last whole batch, too",
    default: true,
  }),
  lr: between(SMALLEST_FLOAT, LARGEST_FLOAT, {
    group: "training",
    help: "base learning rate",
    default: ({ batch = USUAL_BATCH }) => 0.3 * batch / 256,
    defaultText: "0.3 for each 256 images of the batch",
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
    // The first epoch of a warm-up trains at next to nothing: below 20 epochs that is too much of the run.
    default: ({ epochs = 500 }) => epochs < 20 ? 0 : Math.min(10, Math.floor(epochs / 10)),
    defaultText: "10, a tenth of the epochs where that is less, none below 20 epochs",
  }),
  projector: count(1, { group: "network", help: "width of the projector", default: 2048 }, LARGEST_COUNT),
  separateNorm: onOff({ group: "network", help: "one set of norms for both passes", default: true }),
  separateEncoders: onOff({
    group: "network",
    help: "two encoders that share no weights, for comparison",
    default: false,
  }),
  rotation: onOff({
    group: "objective",
    help: "rotate the dense pass's views, and learn by how many quarter turns, too",
    default: false,
  }),
  rotationHead: {
    ...choice(["paper", "relu"], {
      group: "objective",
      help: "the rotation head as published, or as the first version built and warmed it up",
      default: "paper",
    }),
    earlier: ({ rotation }) => rotation ? "relu" : "paper",
    hidden: true,
  },
  symmetric: onOff({ group: "objective", help: "each view through both passes, at twice the cost", default: false }),
  gateWarmup: count(0, { group: "budget", help: "epochs at the start without gates", default: 0 }),
  gateReduction: count(
    1,
    { group: "budget", help: "by how much gates narrow their input", default: GATE_REDUCTION },
    LARGEST_COUNT,
  ),
  gateBias: {
    ...between(-EXTREME, EXTREME, {
      group: "budget",
      help: "initial value of biases of the gates' logits",
      default: 0,
    }),
    schema: z.number().min(-EXTREME).max(EXTREME).nullable(),
    default: null,
    defaultText: "no biases",
  },
  gateTemperature: between(COLDEST, EXTREME, {
    group: "budget",
    help: "temperature of the gates' sigmoid",
    default: 2 / 3,
    defaultText: "2/3",
  }),
  gateTemperatureEnd: {
    ...between(COLDEST, EXTREME, {
      group: "budget",
      help: "temperature in the last epoch",
      default: 1,
    }),
    schema: z.number().min(COLDEST).max(EXTREME).nullable(),
    default: null,
    defaultText: "that of the first",
  },
  boundAlpha: between(0, EXTREME, {
    group: "budget",
    help: "speed at which the bounds of each gate's open share relax",
    default: 0.02,
  }),
  evalEvery: count(0, { group: "evaluation", help: "epochs between two k-NN evaluations, 0: none", default: 1 }),
  checkpointEvery: count(0, {
    group: "evaluation",
    help: "epochs between two checkpoints that stay, 0: only the last ones do",
    default: 0,
  }),
  keepCheckpoints: count(1, {
    group: "evaluation",
    help: "last checkpoints that are kept, one saved after each epoch",
    default: 2,
  }),
  seed: count(0, { group: "training", help: "seed of everything random", default: 0 }),
  device: {
    kind: "text",
    placeholder: "auto|cpu|cuda:N",
    words: deviceWords,
    rule: "auto, cpu, cuda or cuda:N",
    schema: z.union([z.enum(deviceWords), deviceNames]),
    group: "device",
    help: "device that computes",
    default: "auto",
  },
  precision: choice(["auto", "f32", "tf32", "bf16"], {
    group: "device",
    help: "activations and matrix operands of training; auto: bf16 where the device multiplies it; tf32: GPUs only",
    default: "auto",
  }),
  threads: count(
    0,
    { group: "device", help: "CPU threads, 0: one for each usable processor", default: 0 },
    4096,
  ),
  dataOnDevice: onOff({
    group: "device",
    help: "keep images with the host, and upload batch after batch",
    default: true,
  }),
  autotune: onOff({
    group: "device",
    help: "measure a GPU's convolution engines, and store them in the run",
    default: false,
  }),
  plans: {
    kind: "text",
    placeholder: "FILE",
    rule: "a file",
    schema: z.string().min(1).nullable(),
    group: "device",
    help: "convolution engines as another run measured them, its plans.txt",
    default: null,
  },
};

/** The names of all options, in the table's order. */
export const runOptionNames: readonly (keyof RunConfig)[] = Object.keys(runOptions) as (keyof RunConfig)[];

/** Options that say where things lie and what computes, and not what is computed: a run may go on with others. */
export const machineOptions = [
  "data",
  "classList",
  "workers",
  "device",
  "threads",
  "dataOnDevice",
  "autotune",
  "plans",
] as const;

/** Options that say where files lie. */
export const pathOptions = ["data", "classList", "plans"] as const satisfies readonly (keyof RunConfig)[];

/** Options that a run without gates has no use for: whatever they are, it is the same run. */
export const gateOptions = [
  "budget",
  "budgetRule",
  "gateWarmup",
  "gateReduction",
  "gateBias",
  "gateTemperature",
  "gateTemperatureEnd",
  "boundAlpha",
] as const satisfies readonly (keyof RunConfig)[];

/** `trainImages` -> `train-images`: an option's name as a flag (without dashes) and as a key of a configuration file. */
export function kebabCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** How a configuration keeps its images. */
export function storeOptions({ dataOnDevice, workers, strict }: RunConfig): ImageStoreOptions {
  return { onDevice: dataOnDevice, workers, strict };
}
