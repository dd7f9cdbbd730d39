/**
 * Gives commands their options: a run's, made from the table in `src/training/options.ts`, and those of every command.
 *
 * @module
 */

import { type CommandUnknownOpts, Option } from "@commander-js/extra-typings";
import { InvalidInputError } from "../src/errors.ts";
import { kebabCase, type RunConfig, type RunOption, runOptionNames, runOptions } from "../src/training/options.ts";
import type { OutputOptions } from "./ui/output.ts";

type OptionName = keyof RunConfig;

/** The options of a run that say where it computes; every command takes them. */
const everywhere: readonly OptionName[] = ["device", "precision", "threads"];

function describeDefault(option: RunOption<unknown>): string {
  if (option.defaultText !== undefined) return ` (default: ${option.defaultText})`;
  return option.default === null || option.kind === "switch" ? "" : ` (default: ${String(option.default)})`;
}

/** One row of the table as a commander option; defaults stay in the table, so a value is there only if given. */
function toFlag(name: OptionName): Option {
  const option: RunOption<unknown> = runOptions[name];
  const key = kebabCase(name);
  if (option.kind === "switch" && option.default === true) return new Option(`--no-${key}`, option.help);
  const value = option.kind === "switch" ? "" : ` <${option.placeholder}>`;
  return new Option(`--${key}${value}`, option.help + describeDefault(option));
}

/** Adds options of a run to a command. A switch that is on by default may be given as such, too. */
export function addRunOptions(command: CommandUnknownOpts, names: readonly OptionName[]): void {
  for (const name of names) {
    const { kind, default: value, help }: RunOption<unknown> = runOptions[name];
    command.addOption(toFlag(name));
    if (kind === "switch" && value === true) command.addOption(new Option(`--${kebabCase(name)}`, help).hideHelp());
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
  command.option("--json", "print one JSON document on stdout in place of tables");
  command.option("--quiet", "no progress and no remarks");
  command.option("--verbose", "more remarks, and the stack of an error");
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
