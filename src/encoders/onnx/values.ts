/**
 * What the nodes of an exported network pass to each other.
 *
 * @module
 */
import type { Tensor } from "../../tensor/mod.ts";

/**
 * A value of a graph. Bits are stored as f32.
 *
 * Its layout says how the tensor stands for ONNX's axes: `plain` in their own order, `map` as [N, H, W, C] for
 * [N, C, H, W], and `pixel` as [N, C] for [N, C, 1, 1].
 */
export interface Value {
  /** Its elements. */
  readonly tensor: Tensor;
  /** How its axes stand for ONNX's. */
  readonly layout: "plain" | "map" | "pixel";
  /** Whether the tensor belongs to the interpreter, which keeps it for the next run. */
  readonly isKept?: boolean;
  /** Of whole numbers, which are stored as what they stand for: names of the constants that turn them back. */
  readonly steps?: readonly string[];
}
