/**
 * What `sluice embed` does.
 *
 * @module
 */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { withGiven } from "../../src/config/config.ts";
import { openDataset } from "../../src/config/open_dataset.ts";
import type { RunConfig } from "../../src/config/options.ts";
import type { Dataset, SkippedImage } from "../../src/data/mod.ts";
import {
  type EmbeddedImages,
  embeddedSplits,
  type EmbeddingPaths,
  embeddingPaths,
  embedImages,
  folderImages,
  splitImages,
  writeEmbedding,
} from "../../src/encoders/embed_run.ts";
import { InvalidInputError } from "../../src/errors.ts";
import { RunFolder } from "../../src/run/run_folder.ts";
import { resolvePrecision } from "../../src/tensor/precision.ts";
import { openDevice } from "../device.ts";
import { givenRunOptions, inferencePrecision, outputOptions } from "../options.ts";
import { checkFolder, checkNewFiles, chooseNetwork } from "../requests.ts";
import { readSlimSize } from "../slim.ts";
import { remark, writeResult } from "../ui/output.ts";
import { SkippedRemarks } from "../ui/skipped.ts";
import { grouped } from "../ui/tables.ts";

/** The files to write. @throws {InvalidInputError} if one exists, or their folder does not. */
function readOut(text: unknown): EmbeddingPaths {
  if (typeof text !== "string") throw new InvalidInputError("embed writes features: give --out FILE.npy");
  const paths = embeddingPaths(text);
  checkNewFiles([paths.features, paths.names, paths.labels]);
  return paths;
}

/** @throws {InvalidInputError} if the argument is neither a split nor a folder. */
function checkImages(images: string): void {
  if (embeddedSplits.some((name) => name === images)) return;
  checkFolder(images, `a folder of image files, or ${embeddedSplits.join(" or ")}`);
}

/** The run's data set. @param data value of `--data`. */
function ownImages(config: RunConfig, data: unknown): Dataset {
  return openDataset(config, typeof data === "string" ? data : config.data);
}

function openImages(config: RunConfig, images: string, data: unknown): EmbeddedImages {
  const split = embeddedSplits.find((name) => name === images);
  return split === undefined ? folderImages(config, images) : splitImages(ownImages(config, data), split);
}

/** Writes the features of images by the run in a folder. */
export function runEmbed(path: string, images: string, command: CommandUnknownOpts): void {
  const output = outputOptions(command);
  const { network, out, data }: Record<string, unknown> = command.opts();
  const paths = readOut(out);
  const run = RunFolder.open(path);
  checkImages(images);
  const asked = withGiven(run.config, givenRunOptions(command));
  const name = chooseNetwork(network, run.config);
  const slimSize = readSlimSize(command, run.config, [name]);
  const checkpoint = run.latestCheckpoint((line) => remark(output, line));
  const opened = openImages(run.config, images, data);
  // A split is of the run's own data set, which a slim network is cut by.
  const isSplit = embeddedSplits.some((split) => split === images);
  const own = name !== "slim" ? null : isSplit ? opened.dataset : ownImages(run.config, data);
  const byPath = new Map<string, SkippedImage>();
  const addSkipped = (image: SkippedImage) => void byPath.set(image.path, image);
  for (const dataset of new Set([opened.dataset, ...(own === null ? [] : [own])])) dataset.skipped.forEach(addSkipped);
  using device = openDevice(asked, output);
  const selection = opened.dataset.origin?.selection ?? null;
  if (selection !== null) remark(output, selection.line);
  const precision = resolvePrecision(inferencePrecision(asked, command), device.description);
  const slim = own === null ? undefined : { dataset: own, size: slimSize, skipped: addSkipped };
  const options = { network: name, slim, skipped: addSkipped, precision };
  const embedding = embedImages(device, run.config, checkpoint, opened, options);
  const skipped = [...byPath.values()];
  const remarks = new SkippedRemarks(output);
  for (const image of skipped) remarks.add(image);
  remarks.conclude("--json names them");
  const files = writeEmbedding(paths, embedding);
  const { names, size } = embedding;
  const document = { run: run.path, network: name, precision, images: names.length, features: size, files, skipped };
  writeResult(output, document, () => [`${grouped(names.length)} images, ${size} features each: ${files.join(", ")}`]);
}
