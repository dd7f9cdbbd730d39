/**
 * Reads, decodes and crops image files on threads of the native library, in the background.
 *
 * @module
 */
import { constants, type DecodeJob, type Device, ReaderThreads, type RecordJob } from "../../device/mod.ts";
import { ShapeError, TooManyOpenFilesError } from "../../errors.ts";
import { isTooManyOpenFiles } from "../folder_error.ts";
import { escapeName } from "../names.ts";

/** Columns of a frame: `SL_FRAME_COLUMNS` of the native ABI, which describes them. */
export const FRAME_COLUMNS: number = constants.SL_FRAME_COLUMNS;

/** An image that could not be read. */
export interface Refusal {
  /** Its index in the request. */
  readonly index: number;
  /** The reason in one sentence, without the path. */
  readonly reason: string;
}

/** Headers to read per call, which bounds the size of its text. */
const INSPECTED_AT_ONCE = 4096;

/**
 * Parses the library's text of refused images.
 *
 * @throws {TooManyOpenFilesError} if that is the reason: the file is not damaged.
 */
function refusalsIn(text: string, pathOf: (index: number) => string): Refusal[] {
  const refusals = JSON.parse(text) as Refusal[];
  const unopened = refusals.find(({ reason }) => isTooManyOpenFiles(reason));
  if (unopened !== undefined) throw new TooManyOpenFilesError(escapeName(pathOf(unopened.index)));
  return refusals;
}

function checkRoom(name: string, pixels: Uint8Array, pictures: number, [height, width]: DecodeJob["size"]): void {
  const bytes = pictures * height * width * 3;
  if (pixels.length < bytes) throw new ShapeError(`${name}: ${bytes} bytes do not fit a buffer of ${pixels.length}`);
}

/** A queued read of images. */
export class ReadJob {
  readonly #threads: ReaderThreads;
  readonly #number: bigint;
  /** The path of each image. */
  readonly #pathOf: (index: number) => string;
  readonly #count: number;
  /** Keeps the memory alive while the library writes into it; null once the job is done. */
  #pixels: Uint8Array<ArrayBuffer> | null;

  /** Only {@linkcode ImageReader} makes jobs. */
  constructor(
    threads: ReaderThreads,
    number: bigint,
    count: number,
    pixels: Uint8Array<ArrayBuffer>,
    pathOf: (index: number) => string,
  ) {
    this.#threads = threads;
    this.#pathOf = pathOf;
    this.#number = number;
    this.#count = count;
    this.#pixels = pixels;
  }

  /** Whether {@linkcode ReadJob.wait} would return at once. */
  get done(): boolean {
    return this.#pixels === null || this.#threads.isDone(this.#number);
  }

  /** Waits until the library no longer writes, and drops the images. */
  abandon(): void {
    if (this.#pixels !== null) this.#threads.wait(this.#number, this.#count);
    this.#pixels = null;
  }

  /**
   * Waits for the images. Images that could not be read are all zeros.
   *
   * @throws {TooManyOpenFilesError} if the process has too many open files.
   */
  wait(): readonly Refusal[] {
    if (this.#pixels === null) return [];
    const text = this.#threads.wait(this.#number, this.#count);
    this.#pixels = null;
    return refusalsIn(text, this.#pathOf);
  }
}

/** A pool of native threads that read images. Jobs begin in the order in which they were queued. */
export class ImageReader implements Disposable {
  readonly #threads: ReaderThreads;

  /**
   * Starts the threads.
   *
   * @param workers number of threads, 1 to 256.
   */
  constructor(device: Device, workers: number) {
    this.#threads = new ReaderThreads(device, workers);
  }

  /**
   * Reads the headers of image files, and waits for the result.
   *
   * @returns `sizes`: int32 [paths, 2], height and width after EXIF orientation, zeros for a refused file; and
   * `refusals`.
   * @throws {TooManyOpenFilesError} if the process has too many open files.
   */
  inspect(paths: readonly string[]): { sizes: Int32Array<ArrayBuffer>; refusals: Refusal[] } {
    const sizes = new Int32Array(paths.length * 2);
    const refusals: Refusal[] = [];
    for (let from = 0; from < paths.length; from += INSPECTED_AT_ONCE) {
      const some = paths.slice(from, from + INSPECTED_AT_ONCE);
      const part = new Int32Array(some.length * 2);
      const text = this.#threads.inspect(some, part);
      sizes.set(part, from * 2);
      const found = refusalsIn(text, (index) => some[index] ?? "");
      refusals.push(...found.map(({ index, reason }) => ({ index: from + index, reason })));
    }
    return { sizes, refusals };
  }

  /**
   * Queues files to decode.
   *
   * @throws {ShapeError} if `pixels` is too small.
   * @throws {NativeError} if a frame is invalid.
   */
  decode(job: DecodeJob): ReadJob {
    const { paths, views, frames, size, pixels } = job;
    checkRoom("decode", pixels, paths.length * views, size);
    if (frames.length !== paths.length * views * FRAME_COLUMNS) {
      throw new ShapeError(`decode: ${frames.length} values are not ${views} frames for each of ${paths.length} files`);
    }
    const number = this.#threads.decode(job);
    return new ReadJob(this.#threads, number, paths.length, pixels, (index) => paths[index] ?? "");
  }

  /**
   * Queues records to read.
   *
   * @throws {ShapeError} if `pixels` is too small.
   */
  readRecords(job: RecordJob): ReadJob {
    const { path, records, size, pixels } = job;
    checkRoom("readRecords", pixels, records.length, size);
    const number = this.#threads.readRecords(job);
    return new ReadJob(this.#threads, number, records.length, pixels, () => path);
  }

  /** Ends the threads when their current jobs are done. */
  [Symbol.dispose](): void {
    this.#threads[Symbol.dispose]();
  }
}
