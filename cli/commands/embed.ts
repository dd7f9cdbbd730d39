/**
 * `sluice embed RUN IMAGES`: features of images, for other programs.
 *
 * @module
 */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { InvalidInputError } from "../../src/errors.ts";
import type { Pass } from "../../src/models/mod.ts";
import type { EmbeddedImages, EmbeddingPaths } from "../../src/training/embed_run.ts";
import type { RunConfig } from "../../src/training/options.ts";
import { addCommonOptions, addExamples, givenRunOptions, outputOptions } from "../options.ts";
import { remark, writeResult } from "../ui/output.ts";

/** The network asked for, which the run must hold; else the gated one where there is one: the run was made for it. */
function chooseNetwork(text: unknown, { mode }: RunConfig, held: readonly Pass[]): Pass {
  if (text === undefined) return held.includes("gated") ? "gated" : "dense";
  if (text !== "dense" && text !== "gated") throw new InvalidInputError(`--network ${text}: give dense or gated`);
  if (held.includes(text)) return text;
  throw new InvalidInputError(`--network ${text}: a ${mode} run holds none; give ${held.join(" or ")}`);
}

/** The files to write, of which none may be there and whose folder must. */
async function readOut(text: unknown): Promise<EmbeddingPaths> {
  if (typeof text !== "string") throw new InvalidInputError("embed writes features: give --out FILE.npy");
  const { embeddingPaths } = await import("../../src/training/embed_run.ts");
  const paths = embeddingPaths(text);
  const folder = dirname(text);
  if (!existsSync(folder) || !statSync(folder).isDirectory()) {
    throw new InvalidInputError(`--out ${text}: there is no folder ${folder}; make it, or give another`);
  }
  const taken = Object.values(paths).find((path: string) => existsSync(path));
  if (taken !== undefined) throw new InvalidInputError(`${taken}: is there already; give --out another, or remove it`);
  return paths;
}

async function openImages(config: RunConfig, images: string, data: unknown): Promise<EmbeddedImages> {
  const { embeddedSplits, folderImages, splitImages } = await import("../../src/training/embed_run.ts");
  const split = embeddedSplits.find((name) => name === images);
  if (split === undefined) return folderImages(config, images);
  const { openDataset } = await import("../datasets.ts");
  return splitImages(openDataset(config, typeof data === "string" ? data : config.data), split);
}

async function runEmbed(path: string, images: string, command: CommandUnknownOpts): Promise<void> {
  const output = outputOptions(command);
  const { network, out, data }: Record<string, unknown> = command.opts();
  const { RunFolder } = await import("../../src/training/run_folder.ts");
  const { resolveConfig } = await import("../../src/training/config.ts");
  const { trainedNetworks } = await import("../../src/training/passes.ts");
  const paths = await readOut(out);
  const run = RunFolder.open(path);
  const { device: name, threads } = resolveConfig({ flags: { ...run.config, ...givenRunOptions(command) } });
  const pass = chooseNetwork(network, run.config, trainedNetworks(run.config.mode));
  const checkpoint = run.latestCheckpoint((line) => remark(output, line));
  const opened = await openImages(run.config, images, data);
  const skipped = [...opened.dataset.skipped];
  const { Device } = await import("../../src/device/mod.ts");
  using device = Device.open({ device: name, threads });
  const { embedImages, writeEmbedding } = await import("../../src/training/embed_run.ts");
  const embedding = embedImages(device, run.config, checkpoint, pass, opened, (image) => skipped.push(image));
  for (const { path: file, reason } of skipped) remark(output, `left out ${file}: ${reason}`);
  const files = writeEmbedding(paths, embedding);
  const { names, size } = embedding;
  const document = { run: run.path, network: pass, images: names.length, features: size, files, skipped };
  writeResult(output, document, () => `${names.length} images, ${size} features each: ${files.join(", ")}`);
}

/** Adds `embed` to the program. */
export function addEmbed(program: CommandUnknownOpts): void {
  const command = program.command("embed")
    .description("features of images by a run's network, as .npy (f32 [N, F]) with a list of the images beside it")
    .argument("<RUN>", "folder of a run")
    .argument("<IMAGES>", "folder of JPEG or PNG files at any depth; or train or test, of the run's data set")
    .option(
      "--out <FILE.npy>",
      "file to write; FILE.txt names the images, FILE.labels.npy holds labels if there are any",
    )
    .option("--network <NAME>", "dense or gated (default: gated where the run has one)")
    .option("--data <DIR>", "folder with the data set's files, where it is not that of the training")
    .action((path, images, _options, self) => runEmbed(path, images, self));
  addCommonOptions(command);
  addExamples(command, [
    "sluice embed runs/demo test --out test.npy",
    "sluice embed runs/cifar photographs --network dense --out photographs.npy",
    "sluice embed runs/cifar ./train --out train.npy  # a folder of that name",
  ]);
}
