/**
 * Composes the commands into one program.
 *
 * @module
 */

import { Command, type CommandUnknownOpts } from "@commander-js/extra-typings";
import denoJson from "../deno.json" with { type: "json" };
import {
  addBench,
  addCost,
  addData,
  addDoctor,
  addEmbed,
  addEvaluate,
  addExport,
  addPretrain,
  addReport,
  addStatus,
  addSweep,
} from "./commands/mod.ts";
import { keepPermissionsOf } from "./permissions.ts";
import { writeOut } from "./ui/output.ts";

/** The whole command line, ready to parse. Wrong usage throws commander's errors, and prints nothing by itself. */
export function buildProgram(): CommandUnknownOpts {
  const program = new Command("sluice")
    .description("trains, without labels, one network that is a dense and a cheaper gated encoder at once")
    .version(denoJson.version, "--version", "print the version")
    .helpOption("--help", "print this help")
    .helpCommand(false)
    // `sweep` has options, and subcommands that have options of the same names: what follows a subcommand is its own.
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({ writeOut, outputError: () => {} });
  const all = [
    addPretrain,
    addEvaluate,
    addEmbed,
    addExport,
    addSweep,
    addReport,
    addStatus,
    addCost,
    addBench,
    addData,
    addDoctor,
  ];
  for (const add of all) add(program);
  program.hook("preAction", (_program, command) => keepPermissionsOf(command));
  program.addHelpText("after", "\nEach command explains itself: sluice pretrain --help");
  return program;
}
