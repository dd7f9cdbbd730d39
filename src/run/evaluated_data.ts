/**
 * Says on which images a run was judged that are not its own.
 *
 * @module
 */
import { basename, resolve } from "@std/path";
import { createHash } from "node:crypto";
import { type Dataset, type ImageSet, splitsOf } from "../data/mod.ts";
import { plainName } from "../formats/mod.ts";
import { listImages } from "./image_list.ts";

/** Images that are not the run's own. */
export interface EvaluatedData {
  /** Name of the data set. */
  readonly dataset: string;
  /** Name of the folder that was given, without its path; null if none was given. */
  readonly folder: string | null;
  /** SHA-256 of the list of the images, as a run's `images.tsv` has it; of the pixels if the images are drawn. */
  readonly digest: string;
  /** Number of images that judge the networks, by split. */
  readonly images: Readonly<Record<string, number>>;
}

/** Letters of a folder's name that the file's name repeats; with temporary endings, file systems allow 255 bytes. */
const LONGEST_FOLDER = 40;
/** Digits of the digest in the file's name. */
const DIGITS = 8;

/** SHA-256 of the pixels and labels of images in memory. */
function digestOfPixels(dataset: Dataset): string {
  const hash = createHash("sha256");
  const add = (split: string, set: ImageSet) => {
    const source = set.kind === "resized" ? set.source : set;
    hash.update(`${split} ${source.count} ${source.height} ${source.width}\n`);
    if (source.kind === "memory") hash.update(source.images);
    if (source.labels !== null) hash.update(new Uint8Array(source.labels.buffer));
  };
  for (const [split, set] of splitsOf(dataset)) add(split, set);
  return hash.digest("hex");
}

/**
 * Describes images that a run is to be judged by. This reads every file once.
 *
 * @param folder the path that was given, or null.
 * @throws {InvalidInputError} if a file cannot be read.
 */
export async function describeData(dataset: Dataset, folder: string | null): Promise<EvaluatedData> {
  const { name, labelled, pretraining } = dataset;
  const images = labelled === null
    ? { train: pretraining.count }
    : { train: labelled.train.count, test: labelled.test.count };
  const digest = (await listImages(dataset))?.digest ?? digestOfPixels(dataset);
  const given = folder === null ? null : basename(resolve(folder));
  // The root has no name.
  return { dataset: name, folder: given === "/" ? null : given, digest, images };
}

/** The data in a few words: `folder flowers`. */
export function dataLabel({ dataset, folder }: Pick<EvaluatedData, "dataset" | "folder">): string {
  return folder === null ? dataset : `${dataset} ${folder}`;
}

/** The first digits of a digest, which tell data of one name apart. */
export function shortDigest({ digest }: Pick<EvaluatedData, "digest">): string {
  return digest.slice(0, DIGITS);
}

/**
 * The name of the evaluation's file, without `.json`: data set, folder, and the first digits of the digest, such as
 * `folder-flowers-1f2e3d4c`. The same images have the same name in every run; other images in a folder of the same name
 * have another.
 */
export function evaluationName(data: EvaluatedData): string {
  const folder = [...plainName(data.folder ?? "")].slice(0, LONGEST_FOLDER).join("");
  return [data.dataset, ...(folder === "" ? [] : [folder]), shortDigest(data)].join("-");
}
