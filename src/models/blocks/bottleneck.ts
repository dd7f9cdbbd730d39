/**
 * The bottleneck: 1x1, gate, 3x3, gate, 1x1. (He et al. 2015)
 *
 * @module
 */
import { type BlockKind, row } from "./kind.ts";

/** Channels of the output over the channels between the convolutions. */
const EXPANSION = 4;

/** The bottleneck of ResNet-50; the 3x3 has the stride, as in torchvision. */
export const bottleneckBlock: BlockKind = {
  name: "bottleneck",
  table: (channels, stride) => [
    row(1, channels, { masked: true }),
    row(3, channels, { stride, masked: true }),
    row(1, EXPANSION * channels),
  ],
};
