/**
 * `sluice verify-export FILE`: compares an exported network with the features that are stored in its file.
 *
 * @module
 */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { addExamples, addOutputOptions, addRunOptions } from "../options.ts";

/** Adds `verify-export` to the program. */
export function addVerifyExport(program: CommandUnknownOpts): void {
  const command = program.command("verify-export")
    .description("runs an exported network on the image in its file, and compares its features with those in the file")
    .argument("<FILE>", "file of sluice export: FILE.onnx or FILE.safetensors")
    .action(async (file, _options, self) => (await import("./verify_export_action.ts")).runVerifyExport(file, self));
  addRunOptions(command, ["device", "threads"]);
  addOutputOptions(command);
  addExamples(command, [
    "sluice verify-export runs/demo/exports/slim-0.3.onnx",
    "sluice verify-export dense.safetensors --json",
  ]);
}
