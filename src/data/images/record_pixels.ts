/**
 * Reads pixels of images that are records of a file.
 *
 * @module
 */
import { SluiceError } from "../../errors.ts";
import type { ViewBatch } from "../batches.ts";
import type { RecordImages } from "../dataset.ts";
import type { BatchPixels, PendingPixels } from "./batch_pixels.ts";
import type { ImageReader } from "./image_reader.ts";

/** Reads only the records of a batch. */
export class RecordPixels implements BatchPixels {
  /** Both views are cropped from the same pixels, on the device. */
  readonly pictures = 1;

  /** Reads a set in a file. */
  constructor(readonly set: RecordImages, readonly reader: ImageReader) {}

  /** See {@linkcode BatchPixels.begin}. */
  begin({ indices }: ViewBatch, into: Uint8Array<ArrayBuffer>): PendingPixels {
    return this.#read(BigInt64Array.from(indices, BigInt), into);
  }

  /** See {@linkcode BatchPixels.beginEvaluation}. */
  beginEvaluation(from: number, to: number, into: Uint8Array<ArrayBuffer>): PendingPixels {
    return this.#read(BigInt64Array.from({ length: to - from }, (_, row) => BigInt(from + row)), into);
  }

  #read(records: BigInt64Array<ArrayBuffer>, pixels: Uint8Array<ArrayBuffer>): PendingPixels {
    const { path, height, width } = this.set;
    const job = this.reader.readRecords({ path, records, size: [height, width], pixels });
    return {
      get done() {
        return job.done;
      },
      // A missing record means that the file has changed: its size was checked when the data set was opened.
      wait: () => {
        const [refusal] = job.wait();
        if (refusal === undefined) return;
        const record = records[refusal.index];
        throw new SluiceError(`${path}: record ${record} ${refusal.reason}; start again when no program writes to it`);
      },
      abandon: () => job.abandon(),
    };
  }
}
