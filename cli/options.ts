/**
 * Gives commands their options: a run's, made from the table in `src/training/options.ts`, and those of every command.
 *
 * @module
 */

import { Argument, type CommandUnknownOpts, Option } from "@commander-js/extra-typings";
import { InvalidInputError } from "../src/errors.ts";
import {
  kebabCase,
  type OptionGroup,
  type RunConfig,
  type RunOption,
  runOptionNames,
  runOptions,
} from "../src/config/options.ts";
import type { Pass } from "../src/models/mod.ts";
import type { OutputOptions } from "./ui/output.ts";

type OptionName = keyof RunConfig;

/** The options of a run that say where it computes; every command takes them. */
const everywhere: readonly OptionName[] = ["device", "precision", "threads"];

/** Headings of `--help` over the options of a run. */
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

/** The networks that a run may hold. */
export const networkNames: readonly Pass[] = ["dense", "gated"];

/** The option that explains a command. */
export function helpOption(): Option {
  return new Option("-h, --help", "print this help");
}

/** Has an option offer words to shells. Whoever reads its value judges it, with the remedy in words of its own. */
export function offer<Offering extends Option | Argument>(option: Offering, words: readonly string[]): Offering {
  option.argChoices = [...words];
  return option;
}

/** An option whose value is one of a few words; as {@linkcode offer}. */
export function wordOption(flags: string, help: string, words: readonly string[]): Option {
  return offer(new Option(flags, help), words);
}

/** An argument that may be one of some words; as {@linkcode offer}. */
export function wordArgument(name: string, help: string, words: readonly string[]): Argument {
  return offer(new Argument(name, help), words);
}

/** Every list of some words, in the words' order: what an option may be that takes a list. */
export function listsOf(words: readonly string[]): readonly string[] {
  return words.reduceRight<string[]>((rest, word) => [word, ...rest.map((list) => `${word},${list}`), ...rest], []);
}

function describeDefault(option: RunOption<unknown>): string {
  if (option.defaultText !== undefined) return ` (default: ${option.defaultText})`;
  return option.default === null || option.kind === "switch" ? "" : ` (default: ${String(option.default)})`;
}

/** One row of the table as a commander option; defaults stay in the table, so a value is there only if given. */
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

/** Adds options of a run to a command. A switch that is on by default may be given as such, too. */
export function addRunOptions(command: CommandUnknownOpts, names: readonly OptionName[]): void {
  for (const name of names) {
    const { kind, default: value, help }: RunOption<unknown> = runOptions[name];
    const flag = toFlag(name);
    command.addOption(flag);
    if (kind !== "switch" || value !== true) continue;
    command.addOption(new Option(`--${kebabCase(name)}`, help).hideHelp().helpGroup(flag.helpGroupHeading ?? ""));
  }
}

/** The options of a run that are not those of every command. */
export const ownRunOptions: readonly OptionName[] = runOptionNames.filter((name) => !everywhere.includes(name));

/** Adds what every command takes; the last thing a command adds, so that `--help` lists it last. */
export function addCommonOptions(command: CommandUnknownOpts): void {
  addRunOptions(command, everywhere);
  addOutputOptions(command);
}

/** Adds what commands take that compute nothing. */
export function addOutputOptions(command: CommandUnknownOpts): void {
  command.addHelpOption(helpOption().helpGroup(outputHeading));
  for (
    const option of [
      new Option("--json", "print one JSON document on stdout in place of tables"),
      new Option("--quiet", "no progress and no remarks"),
      new Option("--verbose", "more remarks, and the stack of an error"),
    ]
  ) command.addOption(option.helpGroup(outputHeading));
}

/** The options of a run that were given on the command line, by name. */
export function givenRunOptions(command: CommandUnknownOpts): Record<string, unknown> {
  const values: Record<string, unknown> = command.opts();
  const given = runOptionNames.filter((name) => command.getOptionValueSource(name) === "cli");
  return Object.fromEntries(given.map((name) => [name, values[name]]));
}

/** What a command was asked of its output. */
export function outputOptions(command: CommandUnknownOpts): OutputOptions {
  const { json, quiet, verbose }: Record<string, unknown> = command.opts();
  return { json: json === true, quiet: quiet === true, verbose: verbose === true };
}

/** Examples at the end of a command's `--help`. */
export function addExamples(command: CommandUnknownOpts, examples: readonly string[]): void {
  command.addHelpText("after", `\nExamples:\n${examples.map((example) => `  $ ${example}`).join("\n")}`);
}

/**
 * A number that a command takes besides a run's.
 *
 * @param rule what is wanted, as the end of a sentence that begins with "give".
 * @throws {InvalidInputError} where the value is no whole number of the range.
 */
export function wholeNumber(flag: string, value: unknown, rule: string, smallest: number, largest = Infinity): number {
  const number = Number(value);
  if (Number.isInteger(number) && number >= smallest && number <= largest) return number;
  throw new InvalidInputError(`--${flag} ${value}: give ${rule}`);
}
