/**
 * Labelled images, all on the device, with the transform of evaluation: as they are, normalised.
 *
 * @module
 */
import { type Dataset, identityTable, type ImageSet, type ImageStore, type StoredBatch } from "../data/mod.ts";
import type { Device } from "../device/mod.ts";
import { augment, AUGMENT_COLUMNS } from "../ops/mod.ts";
import { Tensor, unscoped } from "../tensor/mod.ts";

/** `count` images of a tensor [M, H, W, 3] u8 from `from` on, normalised and otherwise as they are: [count, H, W, 3] f32. */
export function normalisedImages(
  images: Tensor,
  from: number,
  count: number,
  constants: Pick<Dataset, "mean" | "std">,
): Tensor {
  const { device, shape: [, height = 0, width = 0] } = images;
  using indices = Tensor.from(device, Int32Array.from({ length: count }, (_, row) => from + row), [count]);
  using parameters = Tensor.from(device, identityTable(count, [height, width]), [count, AUGMENT_COLUMNS]);
  return augment(images, indices, parameters, { ...constants, size: [height, width] });
}

/** One split of a data set on a device. */
export class DeviceImages implements ImageStore {
  /** Number of images. */
  readonly count: number;
  /** [count, H, W, 3] u8. */
  readonly images: Tensor;

  /** Uploads a split. */
  constructor(
    readonly device: Device,
    readonly set: ImageSet,
    readonly constants: Pick<Dataset, "mean" | "std">,
  ) {
    this.count = set.count;
    this.images = unscoped(() => Tensor.from(device, set.images, [set.count, set.height, set.width, 3]));
  }

  /** As {@linkcode ImageStore.batch}. */
  batch(indices: Int32Array<ArrayBuffer>): StoredBatch {
    return { images: this.images, rows: Tensor.from(this.device, indices, [indices.length]) };
  }

  /** Nothing: all images are there. */
  prefetch(): void {}

  /** As {@linkcode ImageStore.normalised}. */
  normalised(from: number, to: number): Tensor {
    return normalisedImages(this.images, from, to - from, this.constants);
  }

  /** Frees the images. */
  [Symbol.dispose](): void {
    this.images[Symbol.dispose]();
  }
}
