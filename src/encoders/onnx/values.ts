/**
 * What the nodes of an exported network pass to each other.
 *
 * @module
 */
import type { Tensor } from "../../tensor/mod.ts";

/**
 * A value of a graph. Whole numbers of any type, and bits, are stored as f32.
 *
 * Its layout says how the tensor stands for ONNX's axes: `plain` in their own order, `map` as [N, H, W, C] for
 * [N, C, H, W], and `pixel` as [N, C] for [N, C, 1, 1].
 */
export interface Value {
  readonly tensor: Tensor;
  readonly layout: "plain" | "map" | "pixel";
}
