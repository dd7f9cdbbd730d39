/**
 * The presets of `pretrain`: named sets of options for one kind of run.
 *
 * @module
 */

import { InvalidInputError } from "../errors.ts";
import type { RunConfig } from "./options.ts";

/** A named set of options; what it leaves out has its default. */
export interface Preset {
  /** One line for people. */
  readonly description: string;
  /** The options it sets. */
  readonly options: Readonly<Partial<RunConfig>>;
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
      lr: 0.6,
      warmupEpochs: 2,
      boundAlpha: 0.3,
    },
  },
  demo: {
    description: "the smallest run that shows the method at work, on drawn shapes",
    options: {
      dataset: "shapes",
      trainImages: 4096,
      testImages: 1024,
      width: 16,
      stem: "cifar-paper",
      mode: "dual",
      budget: 0.3,
      projector: 512,
      batch: 256,
      epochs: 8,
      lr: 0.6,
      warmupEpochs: 1,
      boundAlpha: 0.5,
    },
  },
  "paper-cifar10": {
    description: "the recipe of arXiv 2301.09164 for CIFAR-10",
    options: {
      dataset: "cifar10",
      width: 64,
      stem: "cifar-paper",
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
  },
};

/**
 * The preset of that name.
 *
 * @throws {InvalidInputError} where there is none, naming those there are.
 */
export function findPreset(name: string): Preset {
  const preset = Object.hasOwn(presets, name) ? presets[name] : undefined;
  if (preset === undefined) {
    throw new InvalidInputError(
      `preset ${name}: there is none of that name; give ${Object.keys(presets).join(" or ")}`,
    );
  }
  return preset;
}
