/**
 * The packed weights of the gated operations at inference.
 *
 * @module
 */
import { Tensor } from "../tensor/mod.ts";
import type { PackedWeights } from "./packed_weights.ts";

/** The operations by the name in `sl_NAME_packed_bytes` and `sl_NAME_pack`. */
export type GatedOperation = "gated_block" | "gated_bottleneck";

/** The packed copy of one convolution's weight: `shape` is the operation's, `convolution` the number of the header. */
export function packGated(
  operation: GatedOperation,
  weight: Tensor,
  shape: Int32Array<ArrayBuffer>,
  convolution: number,
  copies: PackedWeights,
): Tensor {
  return copies.get(`${operation} ${convolution} ${shape}`, () => {
    const { kernels } = weight.device;
    const bytes = new BigInt64Array(1);
    kernels[`sl_${operation}_packed_bytes`](shape, convolution, bytes);
    const packed = new Tensor(weight.device, [Number(bytes[0])], "u8");
    kernels[`sl_${operation}_pack`](shape, convolution, weight.pointer, packed.pointer);
    return packed;
  });
}
