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
  addPretrain,
  addStatus,
} from "./commands/mod.ts";

/** The whole command line, ready to parse. Wrong usage throws commander's errors, and prints nothing by itself. */
export function buildProgram(): CommandUnknownOpts {
  const program = new Command("sluice")
    .description("trains, without labels, one network that is a dense and a cheaper gated encoder at once")
    .version(denoJson.version, "--version", "print the version")
    .helpOption("--help", "print this help")
    .helpCommand(false)
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({ outputError: () => {} });
  for (const add of [addPretrain, addEvaluate, addEmbed, addStatus, addCost, addBench, addData, addDoctor]) {
    add(program);
  }
  program.addHelpText("after", "\nEach command explains itself: sluice pretrain --help");
  return program;
}
