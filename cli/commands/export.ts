/**
 * `sluice export RUN`: one network of a run as a file for other programs.
 *
 * @module
 */
import { type CommandUnknownOpts, Option } from "@commander-js/extra-typings";
import type { ExportFormat } from "../../src/encoders/encoder_formats.ts";
import { networkNames } from "../../src/models/network_names.ts";
import { addCommonOptions, addExamples, addSlimOptions, wordOption } from "../options.ts";

/** The formats, written out here because a shell completes them without loading what writes them. */
const formats: readonly ExportFormat[] = ["safetensors", "onnx"];
/** Heading of the options of formats that hold a graph. */
const ofGraphs = "ONNX:";

/** Adds `export` to the program. */
export function addExport(program: CommandUnknownOpts): void {
  const command = program.command("export")
    .description("writes one network of a run as a file for other programs, and checks the file by its features")
    .argument("<RUN>", "folder of a run")
    .option(
      "-o, --out <FILE>",
      "file to write, FILE.safetensors or FILE.onnx (default: in RUN/exports, called after the network)",
    )
    .addOption(
      wordOption(
        "--network <NAME>",
        "dense, gated, or slim (the channels that gates open most, without gates; default: gated if the run has it)",
        networkNames,
      ),
    )
    .addOption(
      wordOption(
        "--format <NAME>",
        "safetensors: torchvision's names and layouts; onnx: a graph for other runtimes " +
          "(default: by the ending of --out, else safetensors)",
        formats,
      ),
    )
    .addOption(
      new Option("--keep-norms", "keep norms as nodes instead of multiplying them into the weights").helpGroup(
        ofGraphs,
      ),
    )
    .addOption(
      new Option(
        "--include-preprocessing",
        "take bytes [batch, height, width, 3], and normalise them in the graph",
      ).helpGroup(ofGraphs),
    )
    .option("--data <DIR>", "folder of the data set's files, to cut a slim network by (default: as in training)")
    .action(async (path, _options, self) => (await import("./export_action.ts")).runExport(path, self));
  addSlimOptions(command);
  addCommonOptions(command);
  addExamples(command, [
    "sluice export runs/demo --network dense -o dense.safetensors",
    "sluice export runs/demo --network slim --cost 0.3 --format onnx",
    "sluice export runs/demo --network gated --format safetensors -o gated.safetensors --json",
  ]);
}
