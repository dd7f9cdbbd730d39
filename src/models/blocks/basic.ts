/**
 * The basic block: 3x3, gate, 3x3. (He et al. 2015)
 *
 * @module
 */
import { type BlockKind, row } from "./kind.ts";

/** The basic block of ResNet-18 and ResNet-34; the first convolution has the stride. */
export const basicBlock: BlockKind = {
  name: "basic",
  table: (channels, stride) => [row(3, channels, { stride, masked: true }), row(3, channels)],
};
