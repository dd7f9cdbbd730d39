/**
 * Labelled images on the device, with the transform of evaluation: as they are, normalised.
 *
 * @module
 */
import { type Dataset, identityView, type ImageSet } from "../data/mod.ts";
import type { Device } from "../device/mod.ts";
import { augment, AUGMENT_COLUMNS } from "../ops/mod.ts";
import { Tensor, unscoped } from "../tensor/mod.ts";

/** One split of a data set on a device. */
export class DeviceImages implements Disposable {
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

  /** Images `from` to `to` (exclusive) as the networks see them in evaluation: [to - from, H, W, 3] f32. */
  normalised(from: number, to: number): Tensor {
    const { height, width } = this.set;
    const count = to - from;
    const table = new Float32Array(count * AUGMENT_COLUMNS);
    for (let row = 0; row < count; row++) identityView(height, width, table, row);
    using indices = Tensor.from(this.device, Int32Array.from({ length: count }, (_, row) => from + row), [count]);
    using parameters = Tensor.from(this.device, table, [count, AUGMENT_COLUMNS]);
    return augment(this.images, indices, parameters, { ...this.constants, size: [height, width] });
  }

  /** Frees the images. */
  [Symbol.dispose](): void {
    this.images[Symbol.dispose]();
  }
}
