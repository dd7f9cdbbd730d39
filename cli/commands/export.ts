/**
 * `sluice export RUN`: one network of a run as a file for other programs.
 *
 * @module
 */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { addCommonOptions, addExamples, networkNames, wordOption } from "../options.ts";

/** Adds `export` to the program. */
export function addExport(program: CommandUnknownOpts): void {
  const command = program.command("export")
    .description("writes one network of a run as a file for other programs, and checks the file by its features")
    .argument("<RUN>", "folder of a run")
    .option("-o, --out <FILE>", "file to write, FILE.safetensors")
    .addOption(
      wordOption("--network <NAME>", "dense or gated (default: gated if the run has it)", networkNames),
    )
    .addOption(
      wordOption("--format <NAME>", "safetensors: torchvision's names and layouts", ["safetensors"])
        .default("safetensors"),
    )
    .action(async (path, _options, self) => (await import("./export_action.ts")).runExport(path, self));
  addCommonOptions(command);
  addExamples(command, [
    "sluice export runs/demo --network dense -o dense.safetensors",
    "sluice export runs/demo --network gated --format safetensors -o gated.safetensors --json",
  ]);
}
