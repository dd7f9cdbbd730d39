/**
 * Threads that read, decode and cut image files while the rest of the process goes on.
 *
 * @module
 */
import { type Device, DeviceHandle, type DevicePointer } from "../../device/mod.ts";
import { ShapeError } from "../../errors.ts";

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

function refusalsIn(text: Uint8Array): Refusal[] {
  return JSON.parse(new TextDecoder().decode(text.subarray(0, text.indexOf(0)))) as Refusal[];
}

function checkRoom(name: string, pixels: Uint8Array, pictures: number, [height, width]: DecodeRequest["size"]): void {
  const bytes = pictures * height * width * 3;
  if (pixels.length < bytes) throw new ShapeError(`${name}: ${bytes} bytes do not fit ${pixels.length}`);
}

/** Images on their way into memory. */
export class ReadJob {
  readonly #reader: ImageReader;
  readonly #number: bigint;
  readonly #count: number;
  /** Held until the job is done: the library writes into it. */
  #pixels: Uint8Array<ArrayBuffer> | null;

  /** Made by the reader. */
  constructor(reader: ImageReader, number: bigint, count: number, pixels: Uint8Array<ArrayBuffer>) {
    this.#reader = reader;
    this.#number = number;
    this.#count = count;
    this.#pixels = pixels;
  }

  /** Whether nothing is left to be waited for. */
  get done(): boolean {
    return this.#pixels === null || this.#reader.isDone(this.#number);
  }

  /** Waits for the images, once; those that could not be read are all zero. */
  wait(): readonly Refusal[] {
    if (this.#pixels === null) return [];
    const refusals = this.#reader.waitFor(this.#number, this.#count);
    this.#pixels = null;
    return refusals;
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
      refusals.push(...refusalsIn(text).map(({ index, reason }) => ({ index: from + index, reason })));
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
    return new ReadJob(this, number[0] ?? 0n, paths.length, pixels);
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
    return new ReadJob(this, number[0] ?? 0n, records.length, pixels);
  }

  /** Whether a job is done. */
  isDone(number: bigint): boolean {
    const done = new Int32Array(1);
    this.device.kernels.sl_reader_done(this.handle, number, done);
    return done[0] === 1;
  }

  /** Waits for a job of `count` images. */
  waitFor(number: bigint, count: number): readonly Refusal[] {
    const text = reasonRoom(count);
    this.device.kernels.sl_reader_wait(this.handle, number, text, text.length);
    return refusalsIn(text);
  }

  /** Ends the threads, once what they are at is done. */
  protected override free(handle: DevicePointer): void {
    this.device.kernels.sl_reader_destroy(handle);
  }
}
