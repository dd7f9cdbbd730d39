/**
 * The paths that the blocks of a gated network take on a device.
 *
 * @module
 */
import type { Device } from "../device/mod.ts";
import { blockSpecs, type NetworkSpec, stemSides } from "../models/mod.ts";
import { convolvedSize, gatedFullFrom, gatedProductType } from "../ops/mod.ts";
import { activationType, type Precision, type Tensor } from "../tensor/mod.ts";

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

/** The blocks in order, each with the shape of the batch that it reads. */
function blockInputs(spec: NetworkSpec, batch: number) {
  let { pooled: side } = stemSides(spec);
  return blockSpecs(spec).map((block) => {
    const shape = [batch, side, side, block.inChannels] as const;
    side = block.convolutions.reduce((size, row) => convolvedSize(size, row.kernel, row), side);
    return { ...block, shape };
  });
}

/**
 * The precision of the products of open channels: that of the network, or f32 if a block has no kernels for it on this
 * device.
 */
export function gatedPrecision(device: Device, spec: NetworkSpec, precision: Precision): Precision {
  const type = activationType(precision);
  const types = blockInputs(spec, 1).map(({ shape, convolutions }) => {
    return gatedProductType(device, shape, type, convolutions);
  });
  return types.every((each) => each === type) ? precision : "f32";
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
  precision: Precision,
  masks: readonly (readonly Tensor[])[],
): FullBlock[] {
  let gate = 0;
  return blockInputs(spec, batch).flatMap(({ name, shape, convolutions, gates }) => {
    const least = gatedFullFrom(device, shape, activationType(precision), convolutions);
    const counts = masks.flatMap((byGate) => {
      const first = byGate[gate];
      return first ? openCounts(first) : [];
    });
    gate += gates.length;
    const share = counts.filter((count) => count >= least).length / counts.length;
    return share > 0 ? [{ block: name, share }] : [];
  });
}
