/**
 * The presets of `pretrain`: named sets of options for one kind of run.
 *
 * @module
 */

import { InvalidOptionError } from "../errors.ts";
import type { Stem } from "../models/spec.ts";
import type { RunConfig } from "./options.ts";

/** A named set of options. An option that the preset leaves out keeps its default. */
export interface Preset {
  /** One line for `--help`. */
  readonly description: string;
  /** The options that the preset sets. */
  readonly options: Readonly<Partial<RunConfig>>;
}

/** The paper's recipe, the same for all its data sets. The data set sets augmentation and normalisation. */
function paperPreset(title: string, dataset: string, stem: Stem): Preset {
  return {
    description: `the recipe of arXiv 2301.09164 for ${title}`,
    options: {
      dataset,
      width: 64,
      stem,
      mode: "dual",
      budget: 0.3,
      recipe: "paper",
      projector: 2048,
      batch: 512,
      epochs: 500,
      lr: 0.6,
      warmupEpochs: 10,
      boundAlpha: 0.02,
    },
  };
}

/** All presets by name, in the order of `--help`. */
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
      // LARS limits each layer's step from the start, and a run this short has no epochs to spare for a warm-up.
      lr: 0.25,
      warmupEpochs: 0,
      boundAlpha: 0.5,
      evalEvery: 3,
    },
  },
  demo: {
    description: "the smallest run that shows the method: drawn shapes, small feature maps, half the cost",
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
 * Finds a preset by name.
 *
 * @throws {InvalidOptionError} if the name is unknown; the message lists the known names.
 */
export function findPreset(name: string): Preset {
  const preset = Object.hasOwn(presets, name) ? presets[name] : undefined;
  if (preset === undefined) {
    throw new InvalidOptionError(
      "preset",
      `preset ${name}: unknown preset; give ${Object.keys(presets).join(" or ")}`,
    );
  }
  return preset;
}
