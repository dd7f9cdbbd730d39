/**
 * Resolves a run's configuration: a flag wins over the file, the file over the preset, the preset over the default.
 *
 * @module
 */

import { datasetSource } from "../data/datasets/mod.ts";
import type { ImageSet } from "../data/mod.ts";
import { InvalidOptionError, SluiceError } from "../errors.ts";
import { smallestBudget } from "../models/cost.ts";
import { smallestCost } from "../models/ladder.ts";
import { gateSpecs } from "../models/spec.ts";
import type { ConfigFile } from "./config_file.ts";
import { isLadder, networkSpec } from "./network.ts";
import { largestCost } from "./budget_range.ts";
import { kebabCase, type RunConfig, type RunOption, runOptionNames, runOptions } from "./options.ts";
import { findPreset } from "./presets.ts";

export type { RunConfig } from "./options.ts";

/** The sources of a run's options. */
export interface ConfigSources {
  /** Options of the command line by their camelCase names; numbers may be text. */
  readonly flags?: Readonly<Record<string, unknown>>;
  /** A configuration file. */
  readonly file?: ConfigFile;
  /** Name of a preset; defaults to the file's. */
  readonly preset?: string;
  /** Defaults that win over the table's: they fit the images and the machine, or belong to a sweep that resumes. */
  readonly fitted?: Readonly<Partial<RunConfig>>;
  /**
   * Whether a run or a sweep stored the options. Missing ones then take the values of earlier versions. Defaults to
   * whether the file records versions.
   */
  readonly stored?: boolean;
}

/** A value, and its name in messages. */
interface Given {
  readonly value: unknown;
  readonly label: string;
}

/** Converts the text of a number option to a number if it is one; the schema judges every other value. */
function readValue<T>(option: RunOption<T>, value: unknown): unknown {
  if (option.kind !== "number" || typeof value !== "string" || value.trim() === "") return value;
  const number = Number(value);
  return Number.isNaN(number) ? value : number;
}

/** A flag as it is typed: `--epochs 5`, `--symmetric` or `--no-symmetric`. */
export function flagLabel(name: keyof RunConfig, value: unknown): string {
  if (typeof value === "boolean") return `--${value ? "" : "no-"}${kebabCase(name)}`;
  return `--${kebabCase(name)} ${String(value)}`;
}

/** The value of an option from the flags or the file; undefined if neither has it. */
function givenValue(name: keyof RunConfig, sources: ConfigSources): Given | undefined {
  const key = kebabCase(name);
  const flag = sources.flags?.[name];
  if (flag !== undefined) return { value: flag, label: flagLabel(name, flag) };
  const { file } = sources;
  const inFile = file?.options[name];
  if (file === undefined || inFile === undefined) return undefined;
  const line = file.lines?.[name];
  const named = `${key} ${String(inFile)}`;
  return { value: inFile, label: line === undefined ? `${named} in ${file.path}` : `${file.path}:${line}: ${named}` };
}

function checkValue<T>(name: keyof RunConfig, option: RunOption<T>, given: Given): T {
  const parsed = option.schema.safeParse(readValue(option, given.value));
  if (!parsed.success) throw new InvalidOptionError(name, `${given.label}: give ${option.rule}`);
  return parsed.data;
}

/** The value of an option that a flag gives. @throws {InvalidOptionError} if the option does not take it. */
export function flagValue<Key extends keyof RunConfig>(name: Key, value: unknown): RunConfig[Key] {
  const option: RunOption<RunConfig[Key]> = runOptions[name];
  return checkValue(name, option, { value, label: flagLabel(name, value) });
}

/**
 * The value of an option that no source has: the default, or in a stored configuration the value of earlier versions.
 */
function unsetValue<T>(option: RunOption<T>, isStored: boolean, config: Readonly<Partial<RunConfig>>): T {
  const value = isStored && option.earlier !== undefined ? option.earlier : option.default;
  return value instanceof Function ? value(config) : value;
}

/** Whether a run or a sweep stored the options. */
function isStored({ file, stored = file?.versions !== undefined }: ConfigSources): boolean {
  return stored;
}

/** Sets one option. */
function resolveOption<Key extends keyof RunConfig>(
  name: Key,
  sources: ConfigSources,
  preset: Readonly<Partial<RunConfig>>,
  config: { -readonly [K in keyof RunConfig]?: RunConfig[K] },
): void {
  const option: RunOption<RunConfig[Key]> = runOptions[name];
  const given = givenValue(name, sources);
  const { fitted = {} } = sources;
  config[name] = given === undefined
    ? preset[name] ?? fitted[name] ?? unsetValue(option, isStored(sources), config)
    : checkValue(name, option, given);
}

/** The options of the preset. @throws {InvalidOptionError} if there is no such preset. */
function presetOptions({ preset, file }: ConfigSources): Readonly<Partial<RunConfig>> {
  const name = preset ?? file?.preset;
  return name === undefined ? {} : findPreset(name).options;
}

/** Whether a flag, the file or the preset has a value for an option. */
export function isGiven(name: keyof RunConfig, sources: ConfigSources): boolean {
  return givenValue(name, sources) !== undefined || presetOptions(sources)[name] !== undefined;
}

/** The configuration, with the values that versions without some options behaved by. */
export function withEarlierValues(config: RunConfig, names: readonly (keyof RunConfig)[]): RunConfig {
  const earlier = names.map((name) => [name, unsetValue<unknown>(runOptions[name], true, config)]);
  return { ...config, ...Object.fromEntries(earlier) };
}

/** Whether every option has its value. */
function isComplete(config: Partial<RunConfig>): config is RunConfig {
  return runOptionNames.every((name) => config[name] !== undefined);
}

/** Checks that no gate has channels left over when it opens them in groups. */
function checkGateGroup({ arch, width, gateGroup }: RunConfig): void {
  const uneven = gateSpecs({ arch, width }).find(({ channels }) => channels % gateGroup !== 0);
  if (uneven === undefined) return;
  const { channels, label } = uneven;
  throw new InvalidOptionError(
    "gateGroup",
    `--gate-group ${gateGroup}: does not divide the ${channels} channels of gate ${label} at width ${width}; ` +
      `give a divisor of ${channels}`,
  );
}

/** Checks a run of many budgets. */
function checkLadder({ budget, recipe, budgetRule, mode, separateNorm, separateEncoders }: RunConfig): void {
  if (recipe === "paper") {
    throw new InvalidOptionError(
      "recipe",
      `--recipe paper: is for gates that decide by image, and --budget ${budget} has none; leave it out`,
    );
  }
  if (budgetRule === "paper") {
    throw new InvalidOptionError(
      "budgetRule",
      `--budget-rule paper: holds one budget, and --budget ${budget} is many; leave it out, or give one budget`,
    );
  }
  if (mode === "dual" && !separateNorm && !separateEncoders) {
    throw new InvalidOptionError(
      "separateNorm",
      `--no-separate-norm: norms of --budget ${budget} are estimated for each budget, and the dense network's are not; ` +
        "leave it out",
    );
  }
}

/** Options of gates that decide. A run of many budgets has one order of channels instead. */
const decidingGates: readonly (keyof RunConfig)[] = [
  "budgetRamp",
  "gateReduction",
  "gateGroup",
  "gateBias",
  "gateOpening",
  "gateNoise",
  "gateNoiseEnd",
  "gateTemperature",
  "gateTemperatureEnd",
  "bounds",
  "boundAlpha",
];

/** Refuses options that a run of many budgets does not heed, unless they have their defaults, as in a whole file. */
function checkLadderHeeded(sources: ConfigSources, config: RunConfig): void {
  const isUsual = (name: keyof RunConfig) => config[name] === unsetValue<unknown>(runOptions[name], false, config);
  const ignored = decidingGates.find((name) => givenValue(name, sources) !== undefined && !isUsual(name));
  if (ignored === undefined) return;
  const given = givenValue(ignored, sources)?.label ?? flagLabel(ignored, config[ignored]);
  throw new InvalidOptionError(
    ignored,
    `${given}: is for gates that decide by image, and --budget ${config.budget} has one order of channels for all; ` +
      "leave it out",
  );
}

/** Checks the rules that concern more than one option. */
function checkTogether(config: RunConfig): void {
  const { dataset, objective, invariance, warmupEpochs, gateWarmup, epochs, mode, symmetric } = config;
  const { separateEncoders, rotation, budgetRamp, gateOpening, gateBias } = config;
  datasetSource(dataset); // throws if there is no data set of this name
  if (symmetric && mode !== "dual") {
    throw new InvalidOptionError(
      "symmetric",
      `--symmetric: a ${mode} run has no passes to exchange; leave it out, or give --mode dual`,
    );
  }
  if (!invariance && objective !== "vicreg") {
    throw new InvalidOptionError(
      "invariance",
      `--no-invariance: is for the objective vicreg, and this run has ${objective}; leave it out`,
    );
  }
  if (rotation && mode !== "dual") {
    throw new InvalidOptionError(
      "rotation",
      `--rotation: is for --mode dual, and this run is ${mode}; leave it out`,
    );
  }
  if (separateEncoders && mode !== "dual") {
    throw new InvalidOptionError(
      "separateEncoders",
      `--separate-encoders: a ${mode} run has one encoder; leave it out, or give --mode dual`,
    );
  }
  if (warmupEpochs > epochs) {
    throw new InvalidOptionError(
      "warmupEpochs",
      `--warmup-epochs ${warmupEpochs}: the run has only ${epochs} epochs; give ${epochs} or less`,
    );
  }
  if (mode !== "vanilla" && gateWarmup >= epochs) {
    throw new InvalidOptionError(
      "gateWarmup",
      `--gate-warmup ${gateWarmup}: leaves no epoch with gates; give ${epochs - 1} or less`,
    );
  }
  if (mode === "vanilla") return;
  if (isLadder(config)) return checkLadder(config);
  if (gateWarmup + budgetRamp >= epochs) {
    throw new InvalidOptionError(
      "budgetRamp",
      `--budget-ramp ${budgetRamp}: leaves no epoch at the budget; give ${epochs - 1 - gateWarmup} or less`,
    );
  }
  if (gateOpening > 0 && budgetRamp === 0) {
    throw new InvalidOptionError(
      "gateOpening",
      `--gate-opening ${gateOpening}: falls to 0 with the target cost, which is constant here; give --budget-ramp, too`,
    );
  }
  if (gateOpening > 0 && gateBias !== null) {
    throw new InvalidOptionError(
      "gateOpening",
      `--gate-opening ${gateOpening}: the run has --gate-bias ${gateBias}, which opens gates as well; leave out one`,
    );
  }
  checkGateGroup(config);
}

/**
 * Refuses a recipe beside a file that has another one: the file's options win over a recipe's defaults, and a complete
 * file has all of them.
 */
function checkRecipe({ flags, file }: ConfigSources): void {
  const [asked, own] = [flags?.recipe, file?.options.recipe];
  if (file === undefined || asked === undefined || own === undefined || asked === own) return;
  throw new InvalidOptionError(
    "recipe",
    `--recipe ${asked}: ${file.path} has recipe ${own} and its values, which win over a recipe; ` +
      "remove those lines from the file, or give each value as a flag",
  );
}

/**
 * Checks that the run heeds the options that somebody gave. What earlier versions stored is not checked: they took such
 * options and ignored them.
 */
function checkHeeded(sources: ConfigSources, config: RunConfig): void {
  const { mode, separateEncoders, separateNorm, gateWarmup, vanillaShare } = config;
  if (sources.stored === true) return;
  checkRecipe(sources);
  if (mode === "vanilla") return;
  if (isLadder(config)) checkLadderHeeded(sources, config);
  const copyNorms = config.copyNorms && isGiven("copyNorms", sources);
  if (separateEncoders && gateWarmup > 0 && isGiven("gateWarmup", sources)) {
    throw new InvalidOptionError(
      "gateWarmup",
      `--gate-warmup ${gateWarmup}: would train the dense encoder alone, because of --separate-encoders; leave out one`,
    );
  }
  if (separateEncoders && vanillaShare > 0 && isGiven("vanillaShare", sources)) {
    throw new InvalidOptionError(
      "vanillaShare",
      `--vanilla-share ${vanillaShare}: would train the dense encoder alone, because of --separate-encoders; ` +
        "leave out one",
    );
  }
  if (copyNorms && (mode !== "dual" || !separateNorm)) {
    throw new InvalidOptionError("copyNorms", "--copy-norms: both passes of this run share their norms; leave it out");
  }
  if (copyNorms && gateWarmup === 0) {
    throw new InvalidOptionError(
      "copyNorms",
      "--copy-norms: there are no dense norms to copy without epochs before the gates; give --gate-warmup, too",
    );
  }
}

/**
 * Resolves and checks a complete configuration from flags, file, preset and defaults. A preset's warm-up is shortened
 * to fit a run with fewer epochs.
 *
 * @throws {InvalidOptionError} with the option, its value and what to give instead.
 */
export function resolveConfig(sources: ConfigSources): RunConfig {
  const preset = presetOptions(sources);
  const config: { -readonly [Key in keyof RunConfig]?: RunConfig[Key] } = {};
  for (const name of runOptionNames) resolveOption(name, sources, preset, config);
  if (!isComplete(config)) throw new SluiceError("the table of options has a row without a default");
  const shortened = givenValue("warmupEpochs", sources) === undefined
    ? { ...config, warmupEpochs: Math.min(config.warmupEpochs, config.epochs - 1) }
    : config;
  checkTogether(shortened);
  checkHeeded(sources, shortened);
  return shortened;
}

/**
 * A stored configuration with options that are given anew.
 *
 * @param given options by their camelCase names; numbers may be text.
 * @throws {InvalidOptionError} with the option, its value and what to give instead.
 */
export function withGiven(stored: RunConfig, given: Readonly<Record<string, unknown>>): RunConfig {
  return resolveConfig({ flags: { ...stored, ...given }, stored: true });
}

/**
 * Checks a configuration against the training images: there must be enough for a batch, and the budget must not be
 * below the cost of the parts without gates, which depends on the image size.
 *
 * @param images number and height of the training images.
 * @throws {InvalidOptionError} with the largest batch or the smallest budget.
 */
export function checkAgainstImages(config: RunConfig, images: Pick<ImageSet, "count" | "height">): void {
  const { batch, budget } = config;
  if (images.count < 2) {
    throw new InvalidOptionError(
      "trainImages",
      `there is ${images.count} training image, and a step compares at least two; give --data a folder with more images`,
    );
  }
  if (batch > images.count) {
    throw new InvalidOptionError(
      "batch",
      `--batch ${batch}: there are only ${images.count} training images; give ${images.count} or less`,
    );
  }
  if (config.mode === "vanilla") return;
  const spec = networkSpec(config, images.height);
  const smallest = spec.ladder === undefined ? smallestBudget(spec) : smallestCost(spec);
  if ((spec.ladder?.[0] ?? largestCost(budget)) >= smallest) return;
  const reachable = Math.ceil(smallest * 1e4) / 1e4;
  throw new InvalidOptionError(
    "budget",
    spec.ladder === undefined
      ? `--budget ${budget}: the parts without gates cost more than that; give ${reachable} or more`
      : `--budget ${budget}: one channel in each gated convolution already costs more; begin at ${reachable} or above`,
  );
}
