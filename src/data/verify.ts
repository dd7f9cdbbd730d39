/**
 * Whether a data set's files are whole and are the official ones.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Device } from "../device/mod.ts";
import type { Dataset, DatasetSource, FileImages, ImageSet, SkippedImage } from "./dataset.ts";
import { md5Of } from "./download.ts";
import { FilePixels } from "./images/file_pixels.ts";
import { ImageReader } from "./images/image_reader.ts";
import { readerThreads } from "./images/image_stores.ts";
import { defaultDataFolder, isFolder } from "./places.ts";

/** What a look at a data set's files has found. */
export interface Verification {
  /** The data set. */
  readonly name: string;
  /** Number of images by split. */
  readonly images: Readonly<Record<string, number>>;
  /** What is damaged, or differs from the official data set. */
  readonly problems: readonly string[];
}

/** Images that are decoded at a time. */
const BATCH = 256;

/** The sets of a data set by their splits; images to train on only where they are not those with labels. */
export function splitsOf({ pretraining, labelled }: Dataset): ReadonlyMap<string, ImageSet> {
  const splits = new Map<string, ImageSet>();
  if (pretraining !== labelled?.train) splits.set("pretraining", pretraining);
  if (labelled !== null) splits.set("train", labelled.train).set("test", labelled.test);
  return splits;
}

/** Decodes every file of a set, and gives those that cannot be. */
function damagedFiles(set: FileImages, reader: ImageReader): SkippedImage[] {
  const damaged: SkippedImage[] = [];
  const pixels = new FilePixels(set, reader, { strict: false, skipped: (image) => void damaged.push(image) });
  const into = new Uint8Array(BATCH * set.height * set.width * 3);
  for (let from = 0; from < set.count; from += BATCH) {
    pixels.beginEvaluation(from, Math.min(set.count, from + BATCH), into).wait();
  }
  return damaged;
}

function fileProblems(dataset: Dataset, workers: number): SkippedImage[] {
  const sets = [...splitsOf(dataset).values()].filter((set) => set.kind === "files");
  if (sets.length === 0) return [];
  using device = Device.open({ device: "cpu", threads: 1 });
  using reader = new ImageReader(device, readerThreads(workers));
  return [...dataset.skipped, ...sets.flatMap((set) => damagedFiles(set, reader))];
}

/** What the published sums say of an archive and of files, of those that are there. */
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
    return actual === official ? [] : [`${path}: its MD5 is ${actual}, the official one ${official}`];
  });
}

function countProblems({ officialCounts }: DatasetSource, images: Readonly<Record<string, number>>): string[] {
  return Object.entries(officialCounts ?? {}).flatMap(([split, official]) => {
    const count = images[split] ?? 0;
    return count === official ? [] : [`${split}: ${count} images, officially ${official}`];
  });
}

/**
 * Looks at all files of a data set: image files are decoded, numbers of images and published checksums compared.
 *
 * @param data the folder, as for {@linkcode DatasetSource.open}.
 * @throws {InvalidInputError} where files are missing, or their form is wrong.
 */
export function verifyDataset(source: DatasetSource, data: string | undefined, workers = 0): Verification {
  const dataset = source.open({ seed: 0, workers, ...(data === undefined ? {} : { data }) });
  const images = Object.fromEntries([...splitsOf(dataset)].map(([split, { count }]) => [split, count]));
  const damaged = fileProblems(dataset, workers).map(({ path, reason }) => `${path}: ${reason}`);
  const problems = [...damaged, ...countProblems(source, images), ...sumProblems(source, data)];
  return { name: source.name, images, problems };
}
