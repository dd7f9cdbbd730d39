/**
 * Composes the commands into one program.
 *
 * @module
 */

import { Command, type CommandUnknownOpts } from "@commander-js/extra-typings";
import denoJson from "../deno.json" with { type: "json" };
import {
  addBench,
  addCompletions,
  addCost,
  addData,
  addDoctor,
  addEmbed,
  addEvaluate,
  addExport,
  addHelp,
  addPretrain,
  addReport,
  addStatus,
  addSweep,
  addVerifyExport,
  addVersion,
} from "./commands/mod.ts";
import { checkCommandNames, checkEncoding } from "./command_names.ts";
import { helpConfiguration } from "./help.ts";
import { helpOption } from "./options.ts";
import { keepPermissionsOf } from "./permissions.ts";
import { writeOut } from "./ui/output.ts";

/** The commands, in the order and under the headings of `--help`. */
const groups: readonly (readonly [heading: string, adders: readonly ((program: CommandUnknownOpts) => void)[]])[] = [
  ["Training:", [addPretrain, addSweep, addStatus]],
  ["Results:", [addEvaluate, addReport, addEmbed, addExport, addVerifyExport]],
  ["Networks, data and this machine:", [addCost, addData, addBench, addDoctor, addCompletions, addVersion, addHelp]],
];

/** Builds the whole command line, ready to parse. Wrong usage throws a `CommanderError`, and prints nothing. */
export function buildProgram(): CommandUnknownOpts {
  const program = new Command("sluice")
    .description("trains one network without labels that serves as a dense encoder and as a cheaper gated one")
    .version(denoJson.version, "-v, --version", "print the version")
    .addHelpOption(helpOption())
    .configureHelp(helpConfiguration)
    .helpCommand(false)
    // `sweep` and its subcommands share option names: options after a subcommand belong to the subcommand.
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({ writeOut, outputError: () => {} });
  for (const [heading, adders] of groups) {
    program.commandsGroup(heading);
    for (const add of adders) add(program);
  }
  program.hook("preAction", (_program, command) => keepPermissionsOf(command));
  return program;
}

/**
 * Parses the words of the command line, and runs the command.
 *
 * @throws {CommanderError} if the usage is wrong.
 * @throws {InvalidInputError} if a word is not UTF-8, or no command has the name.
 */
export async function runProgram(words: readonly string[]): Promise<void> {
  checkEncoding(words);
  const program = buildProgram();
  checkCommandNames(program, words);
  await program.parseAsync(words, { from: "user" });
}
