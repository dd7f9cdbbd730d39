/**
 * `sluice embed RUN IMAGES`: features of images, for other programs.
 *
 * @module
 */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import type { EmbeddedSplit } from "../../src/encoders/embed_run.ts";
import { networkNames } from "../../src/models/network_names.ts";
import { addExamples, addInferenceOptions, addSlimOptions, wordArgument, wordOption } from "../options.ts";

/** The splits, written out here because a shell completes them without loading what encodes images. */
const splits: readonly EmbeddedSplit[] = ["train", "test"];

/** Adds `embed` to the program. */
export function addEmbed(program: CommandUnknownOpts): void {
  const command = program.command("embed")
    .description("computes features of images by a run's network, as .npy (f32 [N, F]), with a list of the images")
    .argument("<RUN>", "folder of a run")
    .addArgument(
      wordArgument(
        "<IMAGES>",
        "folder of JPEG or PNG files at any depth; or train or test, of the run's data set",
        splits,
      ),
    )
    .option(
      "-o, --out <FILE.npy>",
      "file to write; FILE.txt names the images, FILE.labels.npy holds labels if there are any",
    )
    .addOption(
      wordOption("--network <NAME>", "dense, gated or slim (default: gated if the run has it)", networkNames),
    )
    .option("--data <DIR>", "folder of the data set's files (default: as in training)")
    .action(async (path, images, _options, self) => (await import("./embed_action.ts")).runEmbed(path, images, self));
  addSlimOptions(command);
  addInferenceOptions(command);
  addExamples(command, [
    "sluice embed runs/demo test --out test.npy",
    "sluice embed runs/cifar photographs --network dense --out photographs.npy",
    "sluice embed runs/cifar ./train --out train.npy  # a folder of that name",
  ]);
}
