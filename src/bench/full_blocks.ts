/**
 * Which blocks of a gated network compute images in full, because their masks open most channels.
 *
 * @module
 */
import type { Device } from "../device/mod.ts";
import { blockSpecs, type NetworkSpec, stemSides } from "../models/mod.ts";
import { convolvedSize, gatedFullFrom } from "../ops/mod.ts";
import type { Tensor } from "../tensor/mod.ts";

/** A block that computes images in full. */
export interface FullBlock {
  /** Its name, such as `layer2.0`. */
  readonly block: string;
  /** The share of the images, above 0. */
  readonly share: number;
}

/** By image, how many channels of a mask [N, C] are open. */
function openCounts(mask: Tensor): number[] {
  const [images = 0, channels = 0] = mask.shape;
  const bits = mask.toFloat32();
  return Array.from({ length: images }, (_, image) => {
    return bits.subarray(image * channels, (image + 1) * channels).reduce((sum, bit) => sum + bit, 0);
  });
}

/**
 * The blocks that compute some of the images in full, in order.
 *
 * @param masks of batches of `batch` images, each by gate [N, C].
 */
export function fullBlocks(
  device: Device,
  spec: NetworkSpec,
  batch: number,
  masks: readonly (readonly Tensor[])[],
): FullBlock[] {
  let { pooled: side } = stemSides(spec);
  let gate = 0;
  return blockSpecs(spec).flatMap(({ name, inChannels, convolutions, gates }) => {
    const least = gatedFullFrom(device, [batch, side, side, inChannels], convolutions);
    side = convolutions.reduce((size, of) => convolvedSize(size, of.kernel, of), side);
    const counts = masks.flatMap((byGate) => {
      const first = byGate[gate];
      return first ? openCounts(first) : [];
    });
    gate += gates.length;
    const share = counts.filter((count) => count >= least).length / counts.length;
    return share > 0 ? [{ block: name, share }] : [];
  });
}
