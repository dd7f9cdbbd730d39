/**
 * Reads, decodes and crops image files on threads of the native library, in the background.
 *
 * @module
 */
import { constants, type Device, DeviceHandle, type DevicePointer } from "../../device/mod.ts";
import { ShapeError, TooManyOpenFilesError } from "../../errors.ts";
import { isTooManyOpenFiles } from "../folder_error.ts";
import { escapeName } from "../names.ts";

/** Columns of a frame: `SL_FRAME_COLUMNS` of the native ABI, which describes them. */
export const FRAME_COLUMNS = constants.SL_FRAME_COLUMNS;

/** An image that could not be read. */
export interface Refusal {
  /** Its index in the request. */
  readonly index: number;
  /** The reason in one sentence, without the path. */
  readonly reason: string;
}

/** Files to decode, and the crops to take from them. */
export interface DecodeRequest {
  /** The files' paths [count]. */
  readonly paths: readonly string[];
  /** Number of crops per file. */
  readonly views: number;
  /** int32 [count, views, FRAME_COLUMNS]: a frame per crop. */
  readonly frames: Int32Array<ArrayBuffer>;
  /** Height and width of a crop. */
  readonly size: readonly [height: number, width: number];
  /** Output: uint8 [views, count, height, width, 3]. Do not use it until the job has been waited for. */
  readonly pixels: Uint8Array<ArrayBuffer>;
}

/** Records to read from a file. */
export interface RecordRequest {
  /** The file's path. */
  readonly path: string;
  /** The records' numbers [count], from 0. */
  readonly records: BigInt64Array<ArrayBuffer>;
  /** Height and width of an image. */
  readonly size: readonly [height: number, width: number];
  /** Output: uint8 [count, height, width, 3]. Do not use it until the job has been waited for. */
  readonly pixels: Uint8Array<ArrayBuffer>;
}

/** Bytes of text that the native library needs per refused image. */
const REASON_BYTES = 256;
/** Headers to read per call, which bounds the size of its text. */
const INSPECTED_AT_ONCE = 4096;

/** Joins paths in the format of the native library: each ends in a zero byte. */
function joined(paths: readonly string[]): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(paths.map((path) => `${path}\0`).join(""));
}

function reasonRoom(count: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(REASON_BYTES * (count + 1));
}

/**
 * Parses the library's text of refused images.
 *
 * @throws {TooManyOpenFilesError} if that is the reason: the file is not damaged.
 */
function refusalsIn(text: Uint8Array, pathOf: (index: number) => string): Refusal[] {
  const refusals = JSON.parse(new TextDecoder().decode(text.subarray(0, text.indexOf(0)))) as Refusal[];
  const unopened = refusals.find(({ reason }) => isTooManyOpenFiles(reason));
  if (unopened !== undefined) throw new TooManyOpenFilesError(escapeName(pathOf(unopened.index)));
  return refusals;
}

function checkRoom(name: string, pixels: Uint8Array, pictures: number, [height, width]: DecodeRequest["size"]): void {
  const bytes = pictures * height * width * 3;
  if (pixels.length < bytes) throw new ShapeError(`${name}: ${bytes} bytes do not fit a buffer of ${pixels.length}`);
}

/** A queued read of images. */
export class ReadJob {
  readonly #reader: ImageReader;
  readonly #number: bigint;
  /** The path of each image. */
  readonly #pathOf: (index: number) => string;
  readonly #count: number;
  /** Keeps the memory alive while the library writes into it; null once the job is done. */
  #pixels: Uint8Array<ArrayBuffer> | null;

  /** Only {@linkcode ImageReader} makes jobs. */
  constructor(
    reader: ImageReader,
    number: bigint,
    count: number,
    pixels: Uint8Array<ArrayBuffer>,
    pathOf: (index: number) => string,
  ) {
    this.#reader = reader;
    this.#pathOf = pathOf;
    this.#number = number;
    this.#count = count;
    this.#pixels = pixels;
  }

  /** Whether {@linkcode ReadJob.wait} would return at once. */
  get done(): boolean {
    return this.#pixels === null || this.#reader.isDone(this.#number);
  }

  /** Waits until the library no longer writes, and drops the images. */
  abandon(): void {
    if (this.#pixels !== null) this.#reader.waitFor(this.#number, this.#count);
    this.#pixels = null;
  }

  /**
   * Waits for the images. Images that could not be read are all zeros.
   *
   * @throws {TooManyOpenFilesError} if the process has too many open files.
   */
  wait(): readonly Refusal[] {
    if (this.#pixels === null) return [];
    const text = this.#reader.waitFor(this.#number, this.#count);
    this.#pixels = null;
    return refusalsIn(text, this.#pathOf);
  }
}

/** A pool of native threads that read images. Jobs begin in the order in which they were queued. */
export class ImageReader extends DeviceHandle {
  /**
   * Starts the threads.
   *
   * @param workers number of threads, 1 to 256.
   */
  constructor(device: Device, workers: number) {
    super(device, (slot) => device.kernels.sl_reader_create(workers, slot));
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
      const [names, part, text] = [joined(some), new Int32Array(some.length * 2), reasonRoom(some.length)];
      const { kernels } = this.device;
      kernels.sl_reader_inspect(this.handle, some.length, names, names.length, part, text, text.length);
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
  decode({ paths, views, frames, size, pixels }: DecodeRequest): ReadJob {
    checkRoom("decode", pixels, paths.length * views, size);
    if (frames.length !== paths.length * views * FRAME_COLUMNS) {
      throw new ShapeError(`decode: ${frames.length} values are not ${views} frames for each of ${paths.length} files`);
    }
    const [names, number] = [joined(paths), new BigInt64Array(1)];
    const { kernels } = this.device;
    kernels.sl_reader_decode(
      this.handle,
      paths.length,
      names,
      names.length,
      views,
      frames,
      size[0],
      size[1],
      pixels,
      number,
    );
    return new ReadJob(this, number[0] ?? 0n, paths.length, pixels, (index) => paths[index] ?? "");
  }

  /**
   * Queues records to read.
   *
   * @throws {ShapeError} if `pixels` is too small.
   */
  readRecords({ path, records, size, pixels }: RecordRequest): ReadJob {
    checkRoom("readRecords", pixels, records.length, size);
    const number = new BigInt64Array(1);
    const { kernels } = this.device;
    kernels.sl_reader_records(this.handle, joined([path]), records.length, records, size[0], size[1], pixels, number);
    return new ReadJob(this, number[0] ?? 0n, records.length, pixels, () => path);
  }

  /** Whether a job is done; used by {@linkcode ReadJob}. */
  isDone(number: bigint): boolean {
    const done = new Int32Array(1);
    this.device.kernels.sl_reader_done(this.handle, number, done);
    return done[0] === 1;
  }

  /** Waits for a job of `count` images, and returns the library's text of refused images. */
  waitFor(number: bigint, count: number): Uint8Array {
    const text = reasonRoom(count);
    this.device.kernels.sl_reader_wait(this.handle, number, text, text.length);
    return text;
  }

  /** Ends the threads when their current jobs are done. */
  protected override free(handle: DevicePointer): void {
    this.device.kernels.sl_reader_destroy(handle);
  }
}
