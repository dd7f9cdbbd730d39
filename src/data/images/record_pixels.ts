/**
 * Pixels of images that are records of a file.
 *
 * @module
 */
import { SluiceError } from "../../errors.ts";
import type { ViewBatch } from "../batches.ts";
import type { RecordImages } from "../dataset.ts";
import type { BatchPixels, PendingPixels } from "./batch_pixels.ts";
import type { ImageReader } from "./image_reader.ts";

/** Reads the records that a batch names, and no others. */
export class RecordPixels implements BatchPixels {
  /** Views are cut on the device. */
  readonly pictures = 1;

  /** Of a set in a file. */
  constructor(readonly set: RecordImages, readonly reader: ImageReader) {}

  /** As {@linkcode BatchPixels.begin}. */
  begin({ indices }: ViewBatch, into: Uint8Array<ArrayBuffer>): PendingPixels {
    return this.#read(BigInt64Array.from(indices, BigInt), into);
  }

  /** As {@linkcode BatchPixels.beginEvaluation}. */
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
      // The file was whole when it was opened.
      wait: () => {
        const [refusal] = job.wait();
        if (refusal === undefined) return;
        const record = records[refusal.index];
        throw new SluiceError(`${path}: record ${record} ${refusal.reason}; start again when nothing writes to it`);
      },
      abandon: () => job.abandon(),
    };
  }
}
