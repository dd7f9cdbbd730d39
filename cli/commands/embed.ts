/**
 * `sluice embed RUN IMAGES`: features of images, for other programs.
 *
 * @module
 */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { InvalidInputError } from "../../src/errors.ts";
import type { EmbeddedImages, EmbeddingPaths } from "../../src/encoders/embed_run.ts";
import type { RunConfig } from "../../src/config/options.ts";
import { embeddedSplits } from "../../src/encoders/embedded_splits.ts";
import { addCommonOptions, addExamples, givenRunOptions, outputOptions, wordArgument, wordOption } from "../options.ts";
import { checkFolder, checkNewFiles, chooseNetwork, networkNames } from "../requests.ts";
import { remark, writeResult } from "../ui/output.ts";
import { SkippedRemarks } from "../ui/skipped.ts";
import { grouped } from "../ui/tables.ts";

/** The files to write, of which none may be there and whose folder must. */
async function readOut(text: unknown): Promise<EmbeddingPaths> {
  if (typeof text !== "string") throw new InvalidInputError("embed writes features: give --out FILE.npy");
  const { embeddingPaths } = await import("../../src/encoders/embed_run.ts");
  const paths = embeddingPaths(text);
  checkNewFiles([paths.features, paths.names, paths.labels]);
  return paths;
}

/** Refuses what is neither a split nor a folder. */
function checkImages(images: string): void {
  if (embeddedSplits.some((name) => name === images)) return;
  checkFolder(images, `a folder of image files, or ${embeddedSplits.join(" or ")}`);
}

async function openImages(config: RunConfig, images: string, data: unknown): Promise<EmbeddedImages> {
  const { folderImages, splitImages } = await import("../../src/encoders/embed_run.ts");
  const split = embeddedSplits.find((name) => name === images);
  if (split === undefined) return folderImages(config, images);
  const { openDataset } = await import("../datasets.ts");
  return splitImages(openDataset(config, typeof data === "string" ? data : config.data), split);
}

async function runEmbed(path: string, images: string, command: CommandUnknownOpts): Promise<void> {
  const output = outputOptions(command);
  const { network, out, data }: Record<string, unknown> = command.opts();
  const { RunFolder } = await import("../../src/run/run_folder.ts");
  const { resolveConfig } = await import("../../src/config/config.ts");
  const { trainedNetworks } = await import("../../src/config/network.ts");
  const paths = await readOut(out);
  const run = RunFolder.open(path);
  checkImages(images);
  const { device: name, threads } = resolveConfig({ flags: { ...run.config, ...givenRunOptions(command) } });
  const pass = chooseNetwork(network, run.config, trainedNetworks(run.config.mode));
  const checkpoint = run.latestCheckpoint((line) => remark(output, line));
  const opened = await openImages(run.config, images, data);
  const skipped = [...opened.dataset.skipped];
  const { Device } = await import("../../src/device/mod.ts");
  using device = Device.open({ device: name, threads });
  const { remarkSelection } = await import("../datasets.ts");
  remarkSelection(opened.dataset, output);
  const { embedImages, writeEmbedding } = await import("../../src/encoders/embed_run.ts");
  const embedding = embedImages(device, run.config, checkpoint, pass, opened, (image) => skipped.push(image));
  const remarks = new SkippedRemarks(output);
  for (const image of skipped) remarks.add(image);
  remarks.conclude("--json names them");
  const files = writeEmbedding(paths, embedding);
  const { names, size } = embedding;
  const document = { run: run.path, network: pass, images: names.length, features: size, files, skipped };
  writeResult(output, document, () => [`${grouped(names.length)} images, ${size} features each: ${files.join(", ")}`]);
}

/** Adds `embed` to the program. */
export function addEmbed(program: CommandUnknownOpts): void {
  const command = program.command("embed")
    .description("features of images by a run's network, as .npy (f32 [N, F]) with a list of the images beside it")
    .argument("<RUN>", "folder of a run")
    .addArgument(
      wordArgument(
        "<IMAGES>",
        "folder of JPEG or PNG files at any depth; or train or test, of the run's data set",
        embeddedSplits,
      ),
    )
    .option(
      "-o, --out <FILE.npy>",
      "file to write; FILE.txt names the images, FILE.labels.npy holds labels if there are any",
    )
    .addOption(
      wordOption("--network <NAME>", "dense or gated (default: gated where the run has one)", networkNames),
    )
    .option("--data <DIR>", "folder with the data set's files, where it is not that of the training")
    .action((path, images, _options, self) => runEmbed(path, images, self));
  addCommonOptions(command);
  addExamples(command, [
    "sluice embed runs/demo test --out test.npy",
    "sluice embed runs/cifar photographs --network dense --out photographs.npy",
    "sluice embed runs/cifar ./train --out train.npy  # a folder of that name",
  ]);
}
