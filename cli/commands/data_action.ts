/**
 * What `sluice data` does.
 *
 * @module
 */
import { join } from "@std/path";
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { existsSync } from "node:fs";
import process from "node:process";
import { datasetNames, datasetSource, needsFiles } from "../../src/data/datasets/registry.ts";
import {
  type Archive,
  contactSheet,
  type DatasetSource,
  defaultDataFolder,
  fetchArchive,
  ImageStores,
  isFolder,
  verifyDataset,
} from "../../src/data/mod.ts";
import { Device } from "../../src/device/mod.ts";
import { InvalidInputError } from "../../src/errors.ts";
import { describeHolder, encodePng, writeFileAtomically } from "../../src/formats/mod.ts";
import { outputOptions, wholeNumber } from "../options.ts";
import { checkReplaceable } from "../requests.ts";
import { DownloadDisplay } from "../ui/download.ts";
import { ExitStatus } from "../ui/errors.ts";
import { remark, writeResult } from "../ui/output.ts";
import { NAMED_IMAGES } from "../ui/skipped.ts";
import { formatTable, grouped } from "../ui/tables.ts";

/** One data set, as `data list --json` prints it. */
interface Listed {
  readonly name: string;
  readonly description: string;
  /** The folder with its files; null if it needs none, or they are missing. */
  readonly folder: string | null;
  /** Whether a run can use it now. */
  readonly ready: boolean;
}

/** The folder that `--data` names, or the default folder of data sets. */
function dataFolder(command: CommandUnknownOpts): string {
  const { data }: Record<string, unknown> = command.opts();
  return typeof data === "string" ? data : defaultDataFolder();
}

/** The data set of a name. @throws {InvalidInputError} if it needs no files. */
function sourceOf(name: string): DatasetSource {
  const source = datasetSource(name);
  if (!needsFiles(source)) throw new InvalidInputError(`data set ${name} needs no files; train on it without fetching`);
  return source;
}

/** The archive of a data set. @throws {InvalidInputError} if it has none to download. */
function archiveOf(name: string): Archive {
  const { archive, remedy } = sourceOf(name);
  if (archive === null) throw new InvalidInputError(`data set ${name} cannot be fetched: ${remedy}`);
  return archive;
}

/** Prints the data sets and where their files are. */
export function runList(command: CommandUnknownOpts): void {
  const parent = dataFolder(command);
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

/** Downloads and unpacks the archive of a data set. */
export async function runFetch(name: string, command: CommandUnknownOpts): Promise<void> {
  const output = outputOptions(command);
  const archive = archiveOf(name);
  const parent = dataFolder(command);
  const { from }: Record<string, unknown> = command.opts();
  using display = new DownloadDisplay(output, archive.file);
  const isNew = await fetchArchive(archive, parent, {
    from: readFrom(from, archive),
    progress: (state) => display.show(state),
    waits: (holder) => remark(output, `${name}: waits for ${describeHolder(holder)}, which fetches it`),
  });
  display[Symbol.dispose]();
  const folder = join(parent, archive.folder);
  writeResult(output, { name, folder, fetched: isNew }, () => [`${name} is${isNew ? "" : " already"} in ${folder}`]);
}

/** Checks the files of a data set. */
export function runVerify(name: string, command: CommandUnknownOpts): void {
  const source = sourceOf(name);
  const { data }: Record<string, unknown> = command.opts();
  const verified = verifyDataset(source, typeof data === "string" ? data : undefined);
  const { problems, images } = verified;
  writeResult(outputOptions(command), verified, () => {
    const counted = Object.entries(images).map(([split, count]) => `${grouped(count)} ${split}`).join(", ");
    const judged = problems.length === 0 ? "every file is well formed" : "but:";
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

function inRange(flag: string, value: unknown, smallest: number, largest: number): number {
  return wholeNumber(flag, value, `a whole number from ${smallest} to ${largest}`, smallest, largest);
}

/** An image beside its two views. */
const SHEET_COLUMNS = 3;
/** The sheet is built in memory from 32-bit numbers: 2.4 GB at most. */
const MOST_SHEET_PIXELS = 200_000_000;

/** Draws images beside their views. */
export function runPreview(name: string, command: CommandUnknownOpts): void {
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
