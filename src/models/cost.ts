/**
 * Multiply-accumulates (MACs) and parameters of a network, counted without building it.
 *
 * Convolutions, shortcuts and gates are counted; norms, relu, pooling and adds are not, as in the papers compared with.
 *
 * @module
 */
import { convolvedSize } from "../ops/mod.ts";
import { blockSpecs, type NetworkSpec, stemSpec } from "./spec.ts";

/** MACs of one block for one image, with every channel open. */
export interface BlockCost {
  /** torchvision's name of the block. */
  readonly name: string;
  /** First convolution: proportional to its open output channels. */
  readonly conv1: number;
  /** Second convolution: proportional to its open input channels. */
  readonly conv2: number;
  /** Shortcut convolution, 0 for an identity; never gated. */
  readonly shortcut: number;
  /** The gate itself, paid by gated passes only. */
  readonly gate: number;
}

/** MACs for one image and parameters of a network. */
export interface NetworkCost {
  /** The dense network: stem and blocks without gates. */
  readonly macs: number;
  /** All gates together. */
  readonly gateMacs: number;
  /** Weights of the dense encoder: convolutions and norms. */
  readonly params: number;
  /** The stem's share of `macs`. */
  readonly stem: number;
  /** The blocks in order. */
  readonly blocks: readonly BlockCost[];
}

/** Counts a network. */
export function networkCost(spec: NetworkSpec): NetworkCost {
  const { kernel, pool, ...geometry } = stemSpec(spec.stem);
  let side = convolvedSize(spec.image, kernel, geometry);
  const stem = side * side * kernel * kernel * 3 * spec.width;
  let params = kernel * kernel * 3 * spec.width + 2 * spec.width;
  if (pool) side = convolvedSize(side, pool.kernel, pool);
  const blocks = blockSpecs(spec).map(({ name, inChannels, channels, stride, projects, gateHidden }) => {
    side = convolvedSize(side, 3, { stride, padding: 1 });
    const pixels = side * side;
    params += 9 * channels * (inChannels + channels) + 4 * channels;
    if (projects) params += inChannels * channels + 2 * channels;
    return {
      name,
      conv1: 9 * channels * inChannels * pixels,
      conv2: 9 * channels * channels * pixels,
      shortcut: projects ? pixels * channels * inChannels : 0,
      gate: inChannels * gateHidden + gateHidden * channels,
    };
  });
  const macs = blocks.reduce((sum, block) => sum + block.conv1 + block.conv2 + block.shortcut, stem);
  const gateMacs = blocks.reduce((sum, block) => sum + block.gate, 0);
  return { macs, gateMacs, params, stem, blocks };
}

/**
 * MACs of the gated network for one image, gates included.
 *
 * @param cost of the network.
 * @param openShares the share of open channels of each block, in 0..1.
 */
export function gatedMacs(cost: NetworkCost, openShares: readonly number[]): number {
  return cost.blocks.reduce(
    (sum, block, index) => sum + (block.conv1 + block.conv2) * (openShares[index] ?? 0) + block.shortcut + block.gate,
    cost.stem,
  );
}

/** The share of the dense network's MACs that no budget can go below: stem, shortcuts and gates. */
export function smallestBudget(spec: NetworkSpec): number {
  const cost = networkCost(spec);
  return gatedMacs(cost, []) / cost.macs;
}
