/**
 * Checks that a data set's files are complete, undamaged and the official ones.
 *
 * @module
 */
import { join } from "@std/path";
import { existsSync } from "node:fs";
import { Device } from "../device/mod.ts";
import type { Dataset, DatasetSource, FileImages, SkippedImage } from "./dataset.ts";
import { md5Of } from "./download.ts";
import { evaluationFrame } from "./images/frames.ts";
import { FRAME_COLUMNS, ImageReader } from "./images/image_reader.ts";
import { readerThreads } from "./images/image_stores.ts";
import { escapeName } from "./names.ts";
import { defaultDataFolder, isFolder } from "./places.ts";
import type { Selection } from "./selection.ts";
import { splitsOf } from "./splits.ts";

/** The result of checking a data set's files. */
export interface Verification {
  /** The data set's name. */
  readonly name: string;
  /** Number of images by split. */
  readonly images: Readonly<Record<string, number>>;
  /** Which files of the folder were used and which were ignored; null if the data set has a fixed list of files. */
  readonly selection: Selection | null;
  /** Damaged files, and differences from the official data set, a sentence each. */
  readonly problems: readonly string[];
}

/** Images to decode at a time. */
const BATCH = 256;

/** Decodes every file of a set, and returns those that cannot be decoded. */
function damagedFiles({ count, paths, sizes, height, width }: FileImages, reader: ImageReader): SkippedImage[] {
  const damaged: SkippedImage[] = [];
  const pixels = new Uint8Array(BATCH * height * width * 3);
  for (let from = 0; from < count; from += BATCH) {
    const some = paths.slice(from, from + BATCH);
    const frames = new Int32Array(some.length * FRAME_COLUMNS);
    some.forEach((_, row) => {
      const image = from + row;
      evaluationFrame([sizes[2 * image] ?? 0, sizes[2 * image + 1] ?? 0], height, frames, row);
    });
    const refusals = reader.decode({ paths: some, views: 1, frames, size: [height, width], pixels }).wait();
    for (const { index, reason } of refusals) damaged.push({ path: some[index] ?? "", reason });
  }
  return damaged;
}

function fileProblems(dataset: Dataset, workers: number): SkippedImage[] {
  const sets = [...splitsOf(dataset).values()].filter((set) => set.kind === "files");
  if (sets.length === 0) return [];
  using device = Device.open({ device: "cpu", threads: 1 });
  using reader = new ImageReader(device, readerThreads(workers));
  return dataset.skipped.concat(...sets.map((set) => damagedFiles(set, reader)));
}

/** Compares the archive and the files, as far as they exist, with their published checksums. */
function sumProblems({ archive }: DatasetSource, data: string | undefined): string[] {
  if (archive === null) return [];
  const parent = data ?? defaultDataFolder();
  const folder = isFolder(join(parent, archive.folder)) ? join(parent, archive.folder) : parent;
  const published = [
    [join(parent, archive.file), archive.md5] as const,
    ...Object.entries(archive.fileMd5 ?? {}).map(([file, md5]) => [join(folder, file), md5] as const),
  ];
  return published.filter(([path]) => existsSync(path)).flatMap(([path, official]) => {
    const actual = md5Of(path);
    return actual === official ? [] : [`${path}: its MD5 is ${actual}, the official MD5 is ${official}`];
  });
}

function countProblems({ officialCounts }: DatasetSource, images: Readonly<Record<string, number>>): string[] {
  return Object.entries(officialCounts ?? {}).flatMap(([split, official]) => {
    const count = images[split] ?? 0;
    return count === official ? [] : [`${split}: has ${count} images, the official data set has ${official}`];
  });
}

/**
 * Checks all files of a data set: decodes image files, and compares the number of images and the published checksums.
 *
 * @param data the folder of the data; see {@linkcode DatasetOptions.data}.
 * @throws {InvalidInputError} if a file is missing or has the wrong format.
 */
export function verifyDataset(source: DatasetSource, data: string | undefined, workers = 0): Verification {
  const dataset = source.open({ seed: 0, workers, examined: true, ...(data === undefined ? {} : { data }) });
  const images = Object.fromEntries([...splitsOf(dataset)].map(([split, { count }]) => [split, count]));
  const damaged = fileProblems(dataset, workers).map(({ path, reason }) => {
    return `${escapeName(path)}: ${reason}`;
  });
  const problems = [...damaged, ...countProblems(source, images), ...sumProblems(source, data)];
  return { name: source.name, images, selection: dataset.origin?.selection ?? null, problems };
}
