/**
 * A step's two views, made on the device from what the loader brought.
 *
 * @module
 */
import type { Dataset, StoredBatch, StoredView } from "../data/mod.ts";
import { augment } from "../ops/mod.ts";
import type { Tensor } from "../tensor/mod.ts";
import { activationType, type Precision } from "../config/precision.ts";

/** Views [batch, H, W, 3] in the element type of everything that is computed from them. */
export function augmentedViews(
  { views: [first, second] }: StoredBatch,
  { mean, std, pretraining: { height, width } }: Dataset,
  precision: Precision,
): readonly [Tensor, Tensor] {
  const options = { size: [height, width], mean, std, dtype: activationType(precision) } as const;
  const view = ({ images, rows, parameters }: StoredView) => augment(images, rows, parameters, options);
  return [view(first), view(second)];
}
