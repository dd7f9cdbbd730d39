/**
 * The list of a run's images, `images.tsv`: the files in their order, with checksums.
 *
 * @module
 */
import { join, relative } from "@std/path";
import { createHash } from "node:crypto";
import { checksumOf, checksumsOf, type FileContent } from "../data/data_file.ts";
import { fileError } from "../data/folder_error.ts";
import type { Dataset, ImageSet } from "../data/mod.ts";
import { escapeName } from "../data/names.ts";
import { splitsOf } from "../data/splits.ts";

/** The first line. The rows follow in the order of the images, training images first. */
const HEADING = "path\tsize\tlabel\tchecksum";

/** The list of a data set's images. */
export interface ImageList {
  /** Text of the file. */
  readonly text: string;
  /** SHA-256 of the text as hexadecimal digits. */
  readonly digest: string;
}

/** A row: path below the data set's folder, size in bytes, label (`-` for none), SHA-256 of the content. */
function rowOf(path: string, { bytes, checksum }: FileContent, label: number | null): string {
  return [escapeName(path), bytes, label ?? "-", checksum].join("\t");
}

/** The row of a file with many images. */
function sharedRow(folder: string, file: string): string {
  const path = join(folder, file);
  try {
    return rowOf(file, checksumOf("sha256", path), null);
  } catch (error) {
    throw fileError(path, error);
  }
}

async function imageRows(folder: string, set: ImageSet): Promise<string[]> {
  if (set.kind !== "files") return [];
  const contents = await checksumsOf(set.paths);
  return contents.map((content, image) => {
    return rowOf(relative(folder, set.paths[image] ?? ""), content, set.labels?.[image] ?? null);
  });
}

/**
 * Lists the images of a data set; this reads every file once. The list holds no times and no absolute paths, so that a
 * data set in another folder has the same list.
 *
 * @returns null if the images are drawn.
 * @throws {InvalidInputError} if a file cannot be read.
 * @throws {TooManyOpenFilesError} if the process may not open another file.
 */
export async function listImages(dataset: Dataset): Promise<ImageList | null> {
  const { origin } = dataset;
  if (origin === undefined) return null;
  const { folder, files } = origin;
  const ofSets: string[][] = [];
  for (const set of splitsOf(dataset).values()) ofSets.push(await imageRows(folder, set));
  const rows = [HEADING].concat(files.map((file) => sharedRow(folder, file)), ...ofSets);
  const text = rows.map((row) => `${row}\n`).join("");
  return { text, digest: digestOf(text) };
}

/** SHA-256 of a list's text as hexadecimal digits. */
export function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function describeRow(row: string | undefined): string {
  if (row === undefined || row === "") return "no image";
  const [path, size, label, checksum = ""] = row.split("\t");
  return `${path} (${size} bytes, label ${label}, checksum ${checksum.slice(0, 12)})`;
}

/** The first row in which two lists differ, in words; null if they are equal. */
export function firstDifference(before: string, now: string): string | null {
  if (before === now) return null;
  const [old, present] = [before.split("\n"), now.split("\n")];
  const row = old.findIndex((text, index) => text !== present[index]);
  const place = row < 0 ? old.length : row;
  return `row ${place} of images.tsv was ${describeRow(old[place])}, and is ${describeRow(present[place])}`;
}
