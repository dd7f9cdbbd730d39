/**
 * `sluice export RUN`: one network of a run as a file for other programs.
 *
 * @module
 */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { networkNames } from "../../src/models/network_names.ts";
import { addCommonOptions, addExamples, addSlimOptions, wordOption } from "../options.ts";

/** Adds `export` to the program. */
export function addExport(program: CommandUnknownOpts): void {
  const command = program.command("export")
    .description("writes one network of a run as a file for other programs, and checks the file by its features")
    .argument("<RUN>", "folder of a run")
    .option("-o, --out <FILE>", "file to write, FILE.safetensors")
    .addOption(
      wordOption(
        "--network <NAME>",
        "dense, gated, or slim (the channels that gates open most, without gates; default: gated if the run has it)",
        networkNames,
      ),
    )
    .addOption(
      wordOption("--format <NAME>", "safetensors: torchvision's names and layouts", ["safetensors"])
        .default("safetensors"),
    )
    .option("--data <DIR>", "folder of the data set's files, to cut a slim network by (default: as in training)")
    .action(async (path, _options, self) => (await import("./export_action.ts")).runExport(path, self));
  addSlimOptions(command);
  addCommonOptions(command);
  addExamples(command, [
    "sluice export runs/demo --network dense -o dense.safetensors",
    "sluice export runs/demo --network slim --cost 0.3 -o slim.safetensors",
    "sluice export runs/demo --network gated --format safetensors -o gated.safetensors --json",
  ]);
}
