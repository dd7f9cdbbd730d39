/**
 * The normalisation constants for photographs of any kind.
 *
 * @module
 */
import type { Dataset } from "./dataset.ts";

/** Mean and standard deviation of the channels of ImageNet's training images. */
export const imageNetConstants: Pick<Dataset, "mean" | "std"> = {
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
};
