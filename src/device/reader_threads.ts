/**
 * The native threads that read image files.
 *
 * @module
 */
import type { Device, DevicePointer } from "./device.ts";
import { DeviceHandle } from "./device_handle.ts";
import { textOf } from "./native_text.ts";

/** Bytes that the library asks for to name one refused image. */
const REASON_BYTES = 256;

/** Files to decode. */
export interface DecodeJob {
  /** Paths [count]. */
  readonly paths: readonly string[];
  /** Frames cut out of each image, 1 to 16. */
  readonly views: number;
  /** int32 [count, views, SL_FRAME_COLUMNS]. */
  readonly frames: Int32Array<ArrayBuffer>;
  /** Height and width of a frame, in pixels. */
  readonly size: readonly [height: number, width: number];
  /** uint8 [views, count, height, width, 3]; native code writes to it until the job was waited for. */
  readonly pixels: Uint8Array<ArrayBuffer>;
}

/** Records to read. */
export interface RecordJob {
  /** The file. */
  readonly path: string;
  /** Numbers of the records [count], from 0. */
  readonly records: BigInt64Array<ArrayBuffer>;
  /** Height and width of a record's image, in pixels. */
  readonly size: readonly [height: number, width: number];
  /** uint8 [count, height, width, 3]; native code writes to it until the job was waited for. */
  readonly pixels: Uint8Array<ArrayBuffer>;
}

/** UTF-8 paths one after the other, each ended by a zero. */
function joined(paths: readonly string[]): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(paths.map((path) => `${path}\0`).join(""));
}

function reasonRoom(count: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(REASON_BYTES * (count + 1));
}

/**
 * A pool of threads of the native library that reads images ahead of the computation. Jobs begin in the order in which
 * they were queued. The caller checks that buffers have the right sizes.
 */
export class ReaderThreads extends DeviceHandle {
  /**
   * Starts the threads.
   *
   * @param threads 1 to 256.
   */
  constructor(device: Device, threads: number) {
    super(device, (slot) => device.kernels.sl_reader_create(threads, slot));
  }

  /**
   * Reads the headers of image files, and waits.
   *
   * @param sizes int32 [paths, 2], filled with the upright height and width of each image; zeros if it is refused.
   * @returns a JSON array of the refused images, [{"index", "reason"}].
   */
  inspect(paths: readonly string[], sizes: Int32Array<ArrayBuffer>): string {
    const [names, text] = [joined(paths), reasonRoom(paths.length)];
    const { kernels } = this.device;
    kernels.sl_reader_inspect(this.handle, paths.length, names, names.length, sizes, text, text.length);
    return textOf(text);
  }

  /** Queues files to decode and returns the job's number. @throws {NativeError} if a frame leaves its image. */
  decode({ paths, views, frames, size: [height, width], pixels }: DecodeJob): bigint {
    const [names, job] = [joined(paths), new BigInt64Array(1)];
    this.device.kernels.sl_reader_decode(
      this.handle,
      paths.length,
      names,
      names.length,
      views,
      frames,
      height,
      width,
      pixels,
      job,
    );
    return job[0] ?? 0n;
  }

  /** Queues records to read and returns the job's number. */
  readRecords({ path, records, size: [height, width], pixels }: RecordJob): bigint {
    const job = new BigInt64Array(1);
    const { kernels } = this.device;
    kernels.sl_reader_records(this.handle, joined([path]), records.length, records, height, width, pixels, job);
    return job[0] ?? 0n;
  }

  /** Whether a job is done; does not wait. */
  isDone(job: bigint): boolean {
    const done = new Int32Array(1);
    this.device.kernels.sl_reader_done(this.handle, job, done);
    return done[0] === 1;
  }

  /** Waits for a job of `count` images and returns a JSON array of the refused ones, as {@linkcode inspect}. */
  wait(job: bigint, count: number): string {
    const text = reasonRoom(count);
    this.device.kernels.sl_reader_wait(this.handle, job, text, text.length);
    return textOf(text);
  }

  /** Ends the threads when their present work is done. */
  protected override free(handle: DevicePointer): void {
    this.device.kernels.sl_reader_destroy(handle);
  }
}
