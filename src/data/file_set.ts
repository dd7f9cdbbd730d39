/**
 * Opens sets of image files.
 *
 * @module
 */
import { Device } from "../device/mod.ts";
import { InvalidInputError } from "../errors.ts";
import { ALL_DAMAGED_REMEDY, describeDamage, STRICT_REMEDY } from "./damage.ts";
import type { DatasetOptions, FileImages, SkippedImage } from "./dataset.ts";
import { imageCount } from "./image_count.ts";
import { USUAL_SIZE } from "./images/frames.ts";
import { ImageReader } from "./images/image_reader.ts";
import { readerThreads } from "./images/image_stores.ts";
import { escapeName } from "./names.ts";
import { spread } from "./pictures.ts";

/** Image files, with labels if they have any. */
export interface ImagePaths {
  /** The files' paths [count]. */
  readonly paths: readonly string[];
  /** int32 [count]; null if the files have no labels. */
  readonly labels: Int32Array<ArrayBuffer> | null;
}

/** Opens sets of files: reads their headers and skips damaged files. */
export class FileSets implements Disposable {
  /** The files skipped so far. */
  readonly skipped: SkippedImage[] = [];
  readonly #device: Device;
  readonly #reader: ImageReader;

  /** Starts the reader threads. */
  constructor(readonly options: DatasetOptions) {
    using undone = new DisposableStack();
    this.#device = undone.use(Device.open({ device: "cpu", threads: 1 }));
    this.#reader = undone.use(new ImageReader(this.#device, readerThreads(options.workers ?? 0)));
    undone.move();
  }

  /**
   * Opens a set of files.
   *
   * @param option name of the option that limits the number of images, for messages.
   * @param asked number of images to take, spread evenly; all by default.
   * @throws {InvalidInputError} if a file is damaged and `strict` is set, or if all files are damaged.
   * @throws {TooManyOpenFilesError} if the process may open no further file.
   */
  open(option: string, { paths, labels }: ImagePaths, asked: number | undefined): FileImages {
    const { imageSize = USUAL_SIZE } = this.options;
    const chosen = spread(imageCount(option, asked, paths.length), paths.length);
    const chosenPaths = Array.from(chosen, (image) => paths[image] ?? "");
    const { sizes, refusals } = this.#reader.inspect(chosenPaths);
    const damaged = refusals.map(({ index, reason }): SkippedImage => ({ path: chosenPaths[index] ?? "", reason }));
    this.#refuseDamage(damaged, damaged.length === chosen.length);
    for (const image of damaged) this.skipped.push(image);
    const refused = new Set(refusals.map(({ index }) => index));
    const kept = chosen.map((_, place) => place).filter((place) => !refused.has(place));
    return {
      kind: "files",
      count: kept.length,
      height: imageSize,
      width: imageSize,
      labels: labels === null ? null : kept.map((place) => labels[chosen[place] ?? 0] ?? 0),
      paths: Array.from(kept, (place) => chosenPaths[place] ?? ""),
      sizes: Int32Array.from({ length: 2 * kept.length }, (_, i) => sizes[2 * (kept[i >> 1] ?? 0) + (i & 1)] ?? 0),
    };
  }

  #refuseDamage(damaged: readonly SkippedImage[], areAll: boolean): void {
    const { strict = false, examined = false } = this.options;
    const [first] = damaged;
    if (first === undefined || examined || !(strict || areAll)) return;
    const remedy = strict ? STRICT_REMEDY : ALL_DAMAGED_REMEDY;
    throw new InvalidInputError(
      `${escapeName(first.path)}: ${describeDamage(first.reason, damaged.length)}; ${remedy}`,
    );
  }

  /** Ends the reader threads. */
  [Symbol.dispose](): void {
    this.#reader[Symbol.dispose]();
    this.#device[Symbol.dispose]();
  }
}
