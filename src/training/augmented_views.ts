/**
 * The two views of a batch that a step trains on.
 *
 * @module
 */
import type { Dataset, StoredBatch, StoredView } from "../data/mod.ts";
import { augment } from "../ops/mod.ts";
import { activationType, type Precision, type Tensor } from "../tensor/mod.ts";

/**
 * Augments a batch on the device.
 *
 * @returns two views [N, H, W, 3] in the element type of the network's activations.
 */
export function augmentedViews(
  { views: [first, second] }: StoredBatch,
  { mean, std, pretraining: { height, width } }: Dataset,
  precision: Precision,
): readonly [Tensor, Tensor] {
  const options = { size: [height, width], mean, std, dtype: activationType(precision) } as const;
  const view = ({ images, rows, parameters }: StoredView) => augment(images, rows, parameters, options);
  return [view(first), view(second)];
}
