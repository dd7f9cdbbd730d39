/**
 * Adds options to commands: a run's options from the table in `src/config/options.ts`, and the options of every
 * command.
 *
 * @module
 */

import { Argument, type CommandUnknownOpts, Option } from "@commander-js/extra-typings";
import { InvalidInputError } from "../src/errors.ts";
import {
  kebabCase,
  machineOptions,
  type OptionGroup,
  type RunConfig,
  type RunOption,
  runOptionNames,
  runOptions,
} from "../src/config/options.ts";
import type { Precision } from "../src/tensor/precision.ts";
import type { OutputOptions } from "./ui/output.ts";

type OptionName = keyof RunConfig;

/** The options of the device, which every command takes. */
const deviceOptions: readonly OptionName[] = ["device", "precision", "threads"];
/** Options that a run may resume with other values of. */
const resumable: ReadonlySet<OptionName> = new Set(machineOptions);

/** Headings of `--help` by group of options. */
const groupHeadings: Readonly<Record<OptionGroup, string>> = {
  data: "Data:",
  network: "Network:",
  objective: "Objective and passes:",
  budget: "Budget and gates:",
  training: "Training:",
  evaluation: "Evaluation and checkpoints:",
  device: "Device:",
};

const outputHeading = "Output:";

/** The option `--help`, worded as in every command. */
export function helpOption(): Option {
  return new Option("-h, --help", "print this help");
}

/** Offers words for shell completion. Does not check the value: its reader does, and names the remedy. */
export function offer<Offering extends Option | Argument>(option: Offering, words: readonly string[]): Offering {
  option.argChoices = [...words];
  return option;
}

/** An option that takes one of a few words. The value stays unchecked, see {@linkcode offer}. */
export function wordOption(flags: string, help: string, words: readonly string[]): Option {
  return offer(new Option(flags, help), words);
}

/** An argument that may be one of some words. The value stays unchecked, see {@linkcode offer}. */
export function wordArgument(name: string, help: string, words: readonly string[]): Argument {
  return offer(new Argument(name, help), words);
}

/** Every comma-separated list of the words, in their order, for the completion of an option that takes a list. */
export function listsOf(words: readonly string[]): readonly string[] {
  return words.reduceRight<string[]>((rest, word) => [word, ...rest.map((list) => `${word},${list}`), ...rest], []);
}

function describeDefault(option: RunOption<unknown>): string {
  if (option.defaultText !== undefined) return ` (default: ${option.defaultText})`;
  return option.default === null || option.kind === "switch" ? "" : ` (default: ${String(option.default)})`;
}

/** Turns a row of the table into a commander option. It has no default, so that only given values are set. */
function toFlag(name: OptionName): Option {
  const option: RunOption<unknown> = runOptions[name];
  const key = kebabCase(name);
  const heading = groupHeadings[option.group];
  if (option.kind === "switch" && option.default === true) {
    return new Option(`--no-${key}`, option.help).helpGroup(heading).hideHelp(option.hidden ?? false);
  }
  const value = option.kind === "switch" ? "" : ` <${option.placeholder}>`;
  const help = option.help + describeDefault(option);
  const flag = new Option(`--${key}${value}`, help).helpGroup(heading).hideHelp(option.hidden ?? false);
  return option.words === undefined ? flag : offer(flag, option.words);
}

/**
 * Adds options of a run to a command. A switch that may be on by default, or that a run may resume without, gets both
 * flags; help shows the negative flag if the switch is always on by default, and else the positive flag.
 */
export function addRunOptions(command: CommandUnknownOpts, names: readonly OptionName[]): void {
  for (const name of names) {
    const { kind, default: value, help }: RunOption<unknown> = runOptions[name];
    const flag = toFlag(name);
    command.addOption(flag);
    // A run that resumes may switch off what its configuration has on, if that does not define the result.
    if (kind !== "switch" || (value === false && !resumable.has(name))) continue;
    const opposite = `--${value === true ? "" : "no-"}${kebabCase(name)}`;
    command.addOption(new Option(opposite, help).hideHelp().helpGroup(flag.helpGroupHeading ?? ""));
  }
}

/** The options of a run without the device options, which {@linkcode addCommonOptions} adds. */
export const ownRunOptions: readonly OptionName[] = runOptionNames.filter((name) => !deviceOptions.includes(name));

/** The options that decide on the networks that infer, which a run has of its own. */
export const encoderOptions: readonly OptionName[] = ["arch", "stem", "width", "gateReduction", "gateGroup", "budget"];

/** Adds the options of the device and of the output. Call it last, so that `--help` lists them last. */
export function addCommonOptions(command: CommandUnknownOpts): void {
  addRunOptions(command, deviceOptions);
  addOutputOptions(command);
}

/** Adds the size of a slim network, which `readSlimSize` reads. */
export function addSlimOptions(command: CommandUnknownOpts): void {
  const heading = "Slim network:";
  const options = [
    new Option("--cost <X>", "its cost as a share of the dense network's, at most (default: the run's budget, or 0.3)"),
    new Option(
      "--channel-multiple <N>",
      "each convolution keeps a multiple of so many channels (default: 16 from width 64 on, else 4)",
    ),
  ];
  for (const option of options) command.addOption(option.helpGroup(heading));
}

/** The precision of inference unless another is given: figures get compared, and devices differ in what `auto` is. */
export const INFERENCE_PRECISION: Precision = "f32";

/** Adds the same options to a command that only infers, whose precision is f32 by default. */
export function addInferenceOptions(command: CommandUnknownOpts): void {
  addCommonOptions(command);
  for (const option of command.options.filter((one) => one.attributeName() === "precision")) {
    option.description = "precision of the network's activations and matrix operands; auto: bf16 if the device " +
      `multiplies it; tf32: GPUs only (default: ${INFERENCE_PRECISION})`;
  }
}

/** The precision that a command with {@linkcode addInferenceOptions} was asked for. @param asked checked options. */
export function inferencePrecision(asked: RunConfig, command: CommandUnknownOpts): RunConfig["precision"] {
  return "precision" in givenRunOptions(command) ? asked.precision : INFERENCE_PRECISION;
}

/** Adds the options of the output alone, for a command that computes nothing. */
export function addOutputOptions(command: CommandUnknownOpts): void {
  command.addHelpOption(helpOption().helpGroup(outputHeading));
  for (
    const option of [
      new Option("--json", "print one JSON document on stdout instead of tables"),
      new Option("--quiet", "print no progress and no remarks"),
      new Option("--verbose", "print more remarks, and the stack of an error"),
    ]
  ) command.addOption(option.helpGroup(outputHeading));
}

/** The options of a run that the command line sets, by their camelCase names. */
export function givenRunOptions(command: CommandUnknownOpts): Record<string, unknown> {
  const values: Record<string, unknown> = command.opts();
  const given = runOptionNames.filter((name) => command.getOptionValueSource(name) === "cli");
  return Object.fromEntries(given.map((name) => [name, values[name]]));
}

/** The values of `--json`, `--quiet` and `--verbose`. */
export function outputOptions(command: CommandUnknownOpts): OutputOptions {
  const { json, quiet, verbose }: Record<string, unknown> = command.opts();
  return { json: json === true, quiet: quiet === true, verbose: verbose === true };
}

/** Adds examples to the end of a command's `--help`. */
export function addExamples(command: CommandUnknownOpts, examples: readonly string[]): void {
  command.addHelpText("after", `\nExamples:\n${examples.map((example) => `  $ ${example}`).join("\n")}`);
}

/**
 * Reads a whole number from a flag that is not an option of a run.
 *
 * @param rule the valid values, as the end of a sentence that begins with "give".
 * @throws {InvalidInputError} if the value is not a whole number from `smallest` to `largest`.
 */
export function wholeNumber(flag: string, value: unknown, rule: string, smallest: number, largest = Infinity): number {
  const number = Number(value);
  if (Number.isInteger(number) && number >= smallest && number <= largest) return number;
  throw new InvalidInputError(`--${flag} ${value}: give ${rule}`);
}
