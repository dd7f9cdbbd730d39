/**
 * Threads that read, decode and cut image files while the rest of the process goes on.
 *
 * @module
 */
import { type Device, DeviceHandle, type DevicePointer } from "../../device/mod.ts";
import { ShapeError, TooManyOpenFilesError } from "../../errors.ts";
import { isTooManyOpenFiles } from "../folder_error.ts";
import { escapeName } from "../names.ts";

/** Columns of a frame: SL_FRAME_COLUMNS of the native interface, which describes them. */
export const FRAME_COLUMNS = 8;

/** One of several images that could not be read. */
export interface Refusal {
  /** Which of them. */
  readonly index: number;
  /** One sentence without the path. */
  readonly reason: string;
}

/** Files to decode, and what to cut out of them. */
export interface DecodeRequest {
  /** Paths [count]. */
  readonly paths: readonly string[];
  /** Pictures that are cut out of each. */
  readonly views: number;
  /** int32 [count, views, FRAME_COLUMNS]. */
  readonly frames: Int32Array<ArrayBuffer>;
  /** Height and width of a picture. */
  readonly size: readonly [height: number, width: number];
  /** uint8 [views, count, height, width, 3], written until the job was waited for. */
  readonly pixels: Uint8Array<ArrayBuffer>;
}

/** Records to read. */
export interface RecordRequest {
  /** The file. */
  readonly path: string;
  /** Their numbers [count], from 0. */
  readonly records: BigInt64Array<ArrayBuffer>;
  /** Height and width of an image. */
  readonly size: readonly [height: number, width: number];
  /** uint8 [count, height, width, 3], written until the job was waited for. */
  readonly pixels: Uint8Array<ArrayBuffer>;
}

/** Room that the native library asks for to name a refused image. */
const REASON_BYTES = 256;
/** Headers that are read in one call, which bounds its text. */
const INSPECTED_AT_ONCE = 4096;

/** Paths as the native library takes them. */
function joined(paths: readonly string[]): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(paths.map((path) => `${path}\0`).join(""));
}

function reasonRoom(count: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(REASON_BYTES * (count + 1));
}

/** The refused images in a text of the library. @throws {TooManyOpenFilesError} if a file is refused for that: it is not damaged. */
function refusalsIn(text: Uint8Array, pathOf: (index: number) => string): Refusal[] {
  const refusals = JSON.parse(new TextDecoder().decode(text.subarray(0, text.indexOf(0)))) as Refusal[];
  const unopened = refusals.find(({ reason }) => isTooManyOpenFiles(reason));
  if (unopened !== undefined) throw new TooManyOpenFilesError(escapeName(pathOf(unopened.index)));
  return refusals;
}

function checkRoom(name: string, pixels: Uint8Array, pictures: number, [height, width]: DecodeRequest["size"]): void {
  const bytes = pictures * height * width * 3;
  if (pixels.length < bytes) throw new ShapeError(`${name}: ${bytes} bytes do not fit ${pixels.length}`);
}

/** Images on their way into memory. */
export class ReadJob {
  readonly #reader: ImageReader;
  readonly #number: bigint;
  /** Path of each image. */
  readonly #pathOf: (index: number) => string;
  readonly #count: number;
  /** Held until the job is done: the library writes into it. */
  #pixels: Uint8Array<ArrayBuffer> | null;

  /** Made by the reader. */
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

  /** Whether nothing is left to be waited for. */
  get done(): boolean {
    return this.#pixels === null || this.#reader.isDone(this.#number);
  }

  /** Waits until nothing is written any more, for images that nobody wants. */
  abandon(): void {
    if (this.#pixels !== null) this.#reader.waitFor(this.#number, this.#count);
    this.#pixels = null;
  }

  /**
   * Waits for the images, once; those that could not be read are all zero.
   *
   * @throws {TooManyOpenFilesError} if the process may open no further file.
   */
  wait(): readonly Refusal[] {
    if (this.#pixels === null) return [];
    const text = this.#reader.waitFor(this.#number, this.#count);
    this.#pixels = null;
    return refusalsIn(text, this.#pathOf);
  }
}

/** A pool of threads of the native library that reads images. Jobs are begun in the order in which they were queued. */
export class ImageReader extends DeviceHandle {
  /**
   * Starts the threads.
   *
   * @param workers how many, 1 to 256.
   */
  constructor(device: Device, workers: number) {
    super(device, (slot) => device.kernels.sl_reader_create(workers, slot));
  }

  /**
   * Reads the headers of image files, and waits.
   *
   * @returns int32 [paths, 2], upright height and width of each, zeros of one that is refused; and the refused.
   * @throws {TooManyOpenFilesError} if the process may open no further file.
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
   * @throws {ShapeError} where the pixels have no room.
   * @throws {NativeError} where a frame is none.
   */
  decode({ paths, views, frames, size, pixels }: DecodeRequest): ReadJob {
    checkRoom("decode", pixels, paths.length * views, size);
    if (frames.length !== paths.length * views * FRAME_COLUMNS) {
      throw new ShapeError(`decode: ${frames.length} values are not ${views} frames of ${paths.length} files`);
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
   * @throws {ShapeError} where the pixels have no room.
   */
  readRecords({ path, records, size, pixels }: RecordRequest): ReadJob {
    checkRoom("readRecords", pixels, records.length, size);
    const number = new BigInt64Array(1);
    const { kernels } = this.device;
    kernels.sl_reader_records(this.handle, joined([path]), records.length, records, size[0], size[1], pixels, number);
    return new ReadJob(this, number[0] ?? 0n, records.length, pixels, () => path);
  }

  /** Whether a job is done. */
  isDone(number: bigint): boolean {
    const done = new Int32Array(1);
    this.device.kernels.sl_reader_done(this.handle, number, done);
    return done[0] === 1;
  }

  /** Waits for a job of `count` images, and gives the library's text of those that it refused. */
  waitFor(number: bigint, count: number): Uint8Array {
    const text = reasonRoom(count);
    this.device.kernels.sl_reader_wait(this.handle, number, text, text.length);
    return text;
  }

  /** Ends the threads, once what they are at is done. */
  protected override free(handle: DevicePointer): void {
    this.device.kernels.sl_reader_destroy(handle);
  }
}
