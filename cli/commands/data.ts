/**
 * `sluice data`: the data sets, and their files.
 *
 * @module
 */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { existsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";

import type { Archive, DatasetSource } from "../../src/data/mod.ts";
import { datasetNames, datasetSource } from "../../src/data/datasets/registry.ts";
import { InvalidInputError } from "../../src/errors.ts";
import { addExamples, addOutputOptions, outputOptions, wholeNumber, wordArgument } from "../options.ts";
import { checkReplaceable } from "../requests.ts";
import { ExitStatus } from "../ui/errors.ts";
import { remark, writeResult } from "../ui/output.ts";
import { NAMED_IMAGES } from "../ui/skipped.ts";
import { DownloadDisplay } from "../ui/download.ts";
import { formatTable, grouped } from "../ui/tables.ts";

/** One data set, as `data list --json` prints it. */
interface Listed {
  readonly name: string;
  readonly description: string;
  /** The folder with its files, null where they are not there or none are needed. */
  readonly folder: string | null;
  /** Whether it can be used as things are. */
  readonly ready: boolean;
}

/** The folder that a command's `--data` names, or that for data sets. */
async function dataFolder(command: CommandUnknownOpts): Promise<string> {
  const { defaultDataFolder } = await import("../../src/data/mod.ts");
  const { data }: Record<string, unknown> = command.opts();
  return typeof data === "string" ? data : defaultDataFolder();
}

/** A data set with files, by the name that was given. */
function sourceOf(name: string): DatasetSource {
  const source = datasetSource(name);
  if (!needsFiles(source)) throw new InvalidInputError(`data set ${name} needs no files: train on it as it is`);
  return source;
}

function needsFiles({ archive, remedy }: DatasetSource): boolean {
  return archive !== null || remedy !== null;
}

/** The archive of a data set, by the name that was given. */
function archiveOf(name: string): Archive {
  const { archive, remedy } = sourceOf(name);
  if (archive === null) throw new InvalidInputError(`data set ${name} cannot be fetched: ${remedy}`);
  return archive;
}

async function runList(command: CommandUnknownOpts): Promise<void> {
  const { isFolder } = await import("../../src/data/mod.ts");
  const parent = await dataFolder(command);
  const listed = datasetNames.map((name): Listed => {
    const source = datasetSource(name);
    const folder = source.folder === null ? null : join(parent, source.folder);
    const found = folder !== null && isFolder(folder) ? folder : null;
    return { name, description: source.description, folder: found, ready: !needsFiles(source) || found !== null };
  });
  writeResult(outputOptions(command), listed, () => {
    const state = ({ name, folder, ready }: Listed) => {
      if (folder !== null || ready) return folder ?? "-";
      const source = datasetSource(name);
      if (source.archive !== null) return `not there: sluice data fetch ${name}`;
      return source.folder === null ? "--data DIR" : "not there";
    };
    return formatTable(
      ["data set", "what it is", "files"],
      listed.map((row) => [row.name, row.description, state(row)]),
    );
  });
}

/** The archive that `--from` names, or null. */
function readFrom(from: unknown, { file }: Archive): string | null {
  if (typeof from !== "string") return null;
  if (existsSync(from)) return from;
  throw new InvalidInputError(`--from ${from}: there is no such file; give the official ${file}`);
}

async function runFetch(name: string, command: CommandUnknownOpts): Promise<void> {
  const { fetchArchive } = await import("../../src/data/mod.ts");
  const { describeHolder } = await import("../../src/formats/mod.ts");
  const output = outputOptions(command);
  const archive = archiveOf(name);
  const parent = await dataFolder(command);
  const { from }: Record<string, unknown> = command.opts();
  using display = new DownloadDisplay(output, archive.file);
  const isNew = await fetchArchive(archive, parent, {
    from: readFrom(from, archive),
    progress: (state) => display.show(state),
    waits: (holder) => remark(output, `${name}: waits for ${describeHolder(holder)}, which fetches it`),
  });
  display[Symbol.dispose]();
  const folder = join(parent, archive.folder);
  writeResult(output, { name, folder, fetched: isNew }, () => [`${name} is in ${folder}${isNew ? "" : " already"}`]);
}

async function runVerify(name: string, command: CommandUnknownOpts): Promise<void> {
  const { verifyDataset } = await import("../../src/data/mod.ts");
  const source = sourceOf(name);
  const { data }: Record<string, unknown> = command.opts();
  const verified = verifyDataset(source, typeof data === "string" ? data : undefined);
  const { problems, images } = verified;
  writeResult(outputOptions(command), verified, () => {
    const counted = Object.entries(images).map(([split, count]) => `${grouped(count)} ${split}`).join(", ");
    const judged = problems.length === 0 ? "every file well formed" : "but:";
    const named = problems.slice(0, NAMED_IMAGES).map((problem) => `! ${problem}`);
    const more = problems.length - named.length;
    return [
      ...(verified.selection === null ? [] : [verified.selection.line]),
      `${name}: ${counted} images, ${judged}`,
      ...named,
      ...(more === 0 ? [] : [`! and ${more} more problems; --json lists all of them`]),
    ];
  });
  if (problems.length > 0) process.exitCode = ExitStatus.failed;
}

/** A number option of `preview`. */
function inRange(flag: string, value: unknown, smallest: number, largest: number): number {
  return wholeNumber(flag, value, `a whole number from ${smallest} to ${largest}`, smallest, largest);
}

/** An image beside its two views. */
const SHEET_COLUMNS = 3;
/** What is held in memory as 32-bit numbers: 2.4 GB. */
const MOST_SHEET_PIXELS = 200_000_000;

async function runPreview(name: string, command: CommandUnknownOpts): Promise<void> {
  const { contactSheet, ImageStores } = await import("../../src/data/mod.ts");
  const { encodePng, writeFileAtomically } = await import("../../src/formats/mod.ts");
  const { Device } = await import("../../src/device/mod.ts");
  const given: Record<string, unknown> = command.opts();
  const { out, data, imageSize } = given;
  if (typeof out !== "string") throw new InvalidInputError("preview writes a picture: give --out FILE.png");
  checkReplaceable("out", out);
  const source = datasetSource(name);
  const [seed, epoch] = [inRange("seed", given.seed, 0, 2 ** 53 - 1), inRange("epoch", given.epoch, 0, 4095)];
  const wanted = inRange("images", given.images, 1, 1000);
  const dataset = source.open({
    seed,
    ...(typeof data === "string" ? { data } : {}),
    ...(imageSize === undefined ? {} : { imageSize: inRange("image-size", imageSize, 1, 4096) }),
  });
  const { count, height: side } = dataset.pretraining;
  const images = Math.min(wanted, count);
  const most = Math.floor(MOST_SHEET_PIXELS / (SHEET_COLUMNS * side * side));
  if (images > most) {
    throw new InvalidInputError(
      `--images ${images}: a sheet holds ${MOST_SHEET_PIXELS} pixels; give at most ${most} images of ${side} x ${side}`,
    );
  }
  using device = Device.open({ device: "cpu" });
  using stores = new ImageStores(device, dataset);
  const sheet = contactSheet(stores, { images, seed, epoch });
  writeFileAtomically(out, encodePng(sheet));
  const { width, height } = sheet;
  const told =
    `${out}: ${images} images of ${name}, each beside its two views of epoch ${epoch}, ${width} x ${height} pixels`;
  writeResult(outputOptions(command), { out, images, width, height }, () => [told]);
}

function addDataOption(command: CommandUnknownOpts): CommandUnknownOpts {
  return command.option("--data <DIR>", "folder of data sets (default: SLUICE_DATA, else the user's cache folder)");
}

/** Adds `data` with its subcommands to the program. */
export function addData(program: CommandUnknownOpts): void {
  const data = program.command("data").description("the data sets, and their files").helpCommand(false);
  const list = data.command("list").description("the data sets by name, and where their files are")
    .action((_options, self) => runList(self));
  const named = (wanted: (source: DatasetSource) => boolean) =>
    wordArgument("<NAME>", "data set", datasetNames.filter((name) => wanted(datasetSource(name))));
  const fetch = data.command("fetch").addArgument(named(({ archive }) => archive !== null))
    .description("downloads a data set's official archive and unpacks it")
    .option("--from <FILE>", "an archive that is on disk already, in place of a download")
    .action((name, _options, self) => runFetch(name, self));
  const verify = data.command("verify").addArgument(named(needsFiles))
    .description(
      "reads a data set's files, decodes images, and compares their numbers and checksums with the official ones",
    )
    .action((name, _options, self) => runVerify(name, self));
  const preview = data.command("preview").addArgument(named(() => true))
    .description("draws training images beside their two augmented views, as a PNG file")
    .option("-o, --out <FILE>", "the file to write; required")
    .option("--images <N>", "how many images", "8")
    .option("--image-size <N>", "height and width that image files are brought to, in pixels (default: 224)")
    .option("--seed <N>", "seed of the views, and of images that are drawn", "0")
    .option("--epoch <N>", "epoch whose views are shown", "0")
    .action((name, _options, self) => runPreview(name, self));
  for (const command of [list, fetch, verify, preview]) {
    addDataOption(command);
    addOutputOptions(command);
  }
  addExamples(list, ["sluice data list --json"]);
  addExamples(fetch, ["sluice data fetch cifar10", "sluice data fetch cifar100 --from cifar-100-binary.tar.gz"]);
  addExamples(verify, ["sluice data verify cifar10 --data .", "sluice data verify folder --data photographs"]);
  addExamples(preview, [
    "sluice data preview shapes --out views.png",
    "sluice data preview cifar10 --epoch 3 --out views.png",
    "sluice data preview images --data photographs --out views.png",
  ]);
}
