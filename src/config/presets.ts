/**
 * The presets of `pretrain`: named sets of options for one kind of run.
 *
 * @module
 */

import { InvalidOptionError } from "../errors.ts";
import type { Stem } from "../models/spec.ts";
import type { RunConfig } from "./options.ts";

/** A named set of options; what it leaves out has its default. */
export interface Preset {
  /** One line for people. */
  readonly description: string;
  /** The options it sets. */
  readonly options: Readonly<Partial<RunConfig>>;
}

/** The recipe of the paper, which is one for all its data sets; views and constants are the data set's. */
function paperPreset(title: string, dataset: string, stem: Stem): Preset {
  return {
    description: `the recipe of arXiv 2301.09164 for ${title}`,
    options: {
      dataset,
      width: 64,
      stem,
      mode: "dual",
      budget: 0.3,
      budgetRule: "paper",
      projector: 2048,
      batch: 512,
      epochs: 500,
      lr: 0.6,
      warmupEpochs: 10,
      boundAlpha: 0.02,
    },
  };
}

/** All presets by name. */
export const presets: Readonly<Record<string, Preset>> = {
  small: {
    description: "a width-16 network that trains on 10,000 images in minutes on a CPU",
    options: {
      width: 16,
      stem: "cifar-paper",
      mode: "dual",
      budget: 0.3,
      projector: 512,
      batch: 256,
      epochs: 15,
      // LARS bounds each layer's step from the first: a run this short has no epochs to spare for a warm-up.
      lr: 0.25,
      warmupEpochs: 0,
      boundAlpha: 0.5,
      evalEvery: 3,
    },
  },
  demo: {
    description: "the smallest run that shows the method at work: drawn shapes, small maps, half the compute",
    options: {
      dataset: "shapes",
      width: 16,
      stem: "imagenet",
      mode: "dual",
      budget: 0.5,
      projector: 512,
      batch: 256,
      epochs: 12,
      lr: 0.25,
      warmupEpochs: 0,
      boundAlpha: 0.5,
      evalEvery: 4,
    },
  },
  "paper-cifar10": paperPreset("CIFAR-10", "cifar10", "cifar-paper"),
  "paper-cifar100": paperPreset("CIFAR-100", "cifar100", "cifar-paper"),
  "paper-stl10": paperPreset("STL-10", "stl10", "imagenet"),
  "paper-imagenet100": paperPreset("ImageNet-100", "imagenet100", "imagenet"),
};

/**
 * The preset of that name.
 *
 * @throws {InvalidOptionError} where there is none, naming those there are.
 */
export function findPreset(name: string): Preset {
  const preset = Object.hasOwn(presets, name) ? presets[name] : undefined;
  if (preset === undefined) {
    throw new InvalidOptionError(
      "preset",
      `preset ${name}: there is none of that name; give ${Object.keys(presets).join(" or ")}`,
    );
  }
  return preset;
}
