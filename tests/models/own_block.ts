/**
 * A kind of residual block that only tests know: 3x3, gate, 3x3, gate, 1x1.
 *
 * @module
 */
import { type BlockKind, type NetworkSpec, row } from "../../src/models/mod.ts";

/** The kind. */
export const ownBlock: BlockKind = {
  name: "3x3, 3x3, 1x1",
  table: (channels, stride) => [
    row(3, channels, { stride, masked: true }),
    row(3, channels, { masked: true }),
    row(1, 2 * channels),
  ],
};

/** A network of three such blocks. */
export const ownSpec: NetworkSpec = {
  arch: { name: "own", blocks: [1, 1, 1], kind: ownBlock },
  width: 8,
  stem: "cifar",
  image: 12,
};
