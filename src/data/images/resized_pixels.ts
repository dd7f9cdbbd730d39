/**
 * Reads pixels of images in the size that another data set's network takes.
 *
 * @module
 */
import type { Device } from "../../device/mod.ts";
import { augment, AUGMENT_COLUMNS } from "../../ops/mod.ts";
import { Scope, Tensor } from "../../tensor/mod.ts";
import { identityTable } from "../augmentation.ts";
import type { ViewBatch } from "../batches.ts";
import type { ResizedImages } from "../dataset.ts";
import { bytesOf } from "../pictures.ts";
import type { BatchPixels, PendingPixels } from "./batch_pixels.ts";
import { centredFrame, type Frame, type Size } from "./frames.ts";

/** Images resized at a time, which bounds the memory on the device. */
const CHUNK = 32;
/** Leaves the values in 0..1. */
const plain = { mean: [0, 0, 0], std: [1, 1, 1] } as const;

/** Resizes images u8 [count, height, width, 3], bicubic with antialiasing, to values in 0..1 [count, ...size, 3]. */
export function resizedPixels(
  device: Device,
  pixels: Uint8Array<ArrayBuffer>,
  [count, height, width]: readonly [count: number, height: number, width: number],
  size: Size,
): Float32Array {
  using _scope = new Scope();
  const images = Tensor.from(device, pixels, [count, height, width, 3]);
  const rows = Tensor.from(device, Int32Array.from({ length: count }, (_, row) => row), [count]);
  const parameters = Tensor.from(device, identityTable(count, [height, width]), [count, AUGMENT_COLUMNS]);
  return augment(images, rows, parameters, { size, ...plain }).toFloat32();
}

/** Reads images of one size, and resizes them on the device. */
export class ResizedPixels implements BatchPixels {
  /** Both views are cropped from the same pixels, on the device. */
  readonly pictures = 1;

  /** Resizes the images that `source` reads. */
  constructor(readonly set: ResizedImages, readonly source: BatchPixels, readonly device: Device) {}

  /** See {@linkcode BatchPixels.begin}. Views are cropped from the whole image. */
  begin(batch: ViewBatch, into: Uint8Array<ArrayBuffer>): PendingPixels {
    const { height, width } = this.set;
    const whole = { resizedHeight: height, resizedWidth: width, windowTop: 0, windowLeft: 0 };
    return this.#pending(batch.indices.length, (bytes) => this.source.begin(batch, bytes), whole, into);
  }

  /** See {@linkcode BatchPixels.beginEvaluation}. The frame is that of an image file of this size. */
  beginEvaluation(from: number, to: number, into: Uint8Array<ArrayBuffer>): PendingPixels {
    const { source: { height, width }, height: wanted } = this.set;
    const frame = centredFrame([height, width], wanted);
    return this.#pending(to - from, (bytes) => this.source.beginEvaluation(from, to, bytes), frame, into);
  }

  #pending(
    count: number,
    begin: (bytes: Uint8Array<ArrayBuffer>) => PendingPixels,
    frame: Frame,
    into: Uint8Array<ArrayBuffer>,
  ): PendingPixels {
    const { height, width } = this.set.source;
    const bytes = new Uint8Array(count * height * width * 3);
    const read = begin(bytes);
    let isResized = false;
    return {
      get done() {
        return isResized;
      },
      wait: () => {
        if (isResized) return;
        read.wait();
        this.#resize(bytes, count, frame, into);
        isResized = true;
      },
      abandon: () => read.abandon(),
    };
  }

  /** Resizes images, and keeps the frame's window of each. */
  #resize(bytes: Uint8Array<ArrayBuffer>, count: number, frame: Frame, into: Uint8Array<ArrayBuffer>): void {
    const { height, width, source } = this.set;
    const { resizedHeight, resizedWidth, windowTop, windowLeft } = frame;
    const own = source.height * source.width * 3;
    for (let from = 0; from < count; from += CHUNK) {
      const images = Math.min(CHUNK, count - from);
      const part = bytes.subarray(from * own, (from + images) * own);
      const size = [resizedHeight, resizedWidth] as const;
      const resized = bytesOf(resizedPixels(this.device, part, [images, source.height, source.width], size));
      for (let row = 0; row < images * height; row++) {
        const [image, y] = [Math.floor(row / height), row % height];
        const begin = ((image * resizedHeight + windowTop + y) * resizedWidth + windowLeft) * 3;
        into.set(resized.subarray(begin, begin + width * 3), (from * height + row) * width * 3);
      }
    }
  }
}
