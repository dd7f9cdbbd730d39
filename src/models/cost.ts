/**
 * Multiply-accumulates (MACs) and parameters of a network, counted without building it.
 *
 * Convolutions, shortcuts and gates are counted; norms, relu, pooling and adds are not, as in the papers compared with.
 *
 * @module
 */
import { convolvedSize } from "../ops/mod.ts";
import { blockSpecs, type NetworkSpec, stemSpec } from "./spec.ts";

/** MACs in proportion to open channels. */
export interface GatedTerm {
  /** With every channel open. */
  readonly macs: number;
  /** Gates whose open shares multiply it, by their places among the network's: one, or two where a convolution lies between them. */
  readonly gates: readonly [first: number, second?: number];
}

/** MACs of one block for one image, with every channel open. */
export interface BlockCost {
  /** torchvision's name of the block. */
  readonly name: string;
  /** First convolution: proportional to its open output channels. */
  readonly conv1: number;
  /** Second convolution: proportional to its open input channels, and in a bottleneck to its open output channels. */
  readonly conv2: number;
  /** Third convolution, of a bottleneck: proportional to its open input channels. */
  readonly conv3?: number;
  /** Shortcut convolution, 0 for an identity; never gated. */
  readonly shortcut: number;
  /** The gates themselves, paid by gated passes only. */
  readonly gate: number;
  /** The convolutions by the gates that open them. */
  readonly gated: readonly GatedTerm[];
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

/** What a row of convolutions costs by gates: the n-th of them stands behind the n-th convolution, each but the last. */
function termsOf(macs: readonly number[], firstGate: number): GatedTerm[] {
  const terms = new Map<string, GatedTerm>();
  macs.forEach((own, index) => {
    const [before, behind] = [firstGate + index - 1, firstGate + index];
    const isLast = index === macs.length - 1;
    const gates: GatedTerm["gates"] = index === 0 ? [behind] : isLast ? [before] : [before, behind];
    const key = gates.join();
    terms.set(key, { macs: (terms.get(key)?.macs ?? 0) + own, gates });
  });
  return [...terms.values()];
}

/** Counts a network. */
export function networkCost(spec: NetworkSpec): NetworkCost {
  const { kernel, pool, ...geometry } = stemSpec(spec.stem);
  let side = convolvedSize(spec.image, kernel, geometry);
  const stem = side * side * kernel * kernel * 3 * spec.width;
  let params = kernel * kernel * 3 * spec.width + 2 * spec.width;
  if (pool) side = convolvedSize(side, pool.kernel, pool);
  let gateCount = 0;
  const blocks = blockSpecs(spec).map(({ name, inChannels, outChannels, projects, convolutions, gates }): BlockCost => {
    const macs = convolutions.map((of) => {
      const weights = of.kernel * of.kernel * of.inChannels * of.outChannels;
      side = convolvedSize(side, of.kernel, { stride: of.stride, padding: of.kernel >> 1 });
      params += weights + 2 * of.outChannels;
      return weights * side * side;
    });
    if (projects) params += inChannels * outChannels + 2 * outChannels;
    const gated = termsOf(macs, gateCount);
    gateCount += gates.length;
    const [conv1 = 0, conv2 = 0, conv3] = macs;
    return {
      name,
      conv1,
      conv2,
      ...(conv3 === undefined ? {} : { conv3 }),
      shortcut: projects ? side * side * outChannels * inChannels : 0,
      gate: gates.reduce((sum, of) => sum + of.inChannels * of.hidden + of.hidden * of.channels, 0),
      gated,
    };
  });
  const macs = blocks.reduce(
    (sum, { conv1, conv2, conv3 = 0, shortcut }) => sum + conv1 + conv2 + conv3 + shortcut,
    stem,
  );
  const gateMacs = blocks.reduce((sum, block) => sum + block.gate, 0);
  return { macs, gateMacs, params, stem, blocks };
}

/** The gated terms of all blocks in order; those of basic blocks are one a gate. */
export function gatedTerms(cost: NetworkCost): GatedTerm[] {
  return cost.blocks.flatMap(({ gated }) => gated);
}

/**
 * What an image computes of each gated term: the open share of its gate, or the product of those of two.
 *
 * Over several images it is the mean of this, which is not the product of their mean shares.
 *
 * @param openShares the image's share of open channels by gate, in 0..1; 0 where left out.
 */
export function termShares(cost: NetworkCost, openShares: readonly number[]): number[] {
  const shareOf = (gate: number) => openShares[gate] ?? 0;
  return gatedTerms(cost).map(({ gates: [first, second] }) => {
    return shareOf(first) * (second === undefined ? 1 : shareOf(second));
  });
}

/** MACs of a part of a network for one image. */
export interface PartMacs {
  /** `stem`, or torchvision's name of a block. */
  readonly name: string;
  /** MACs for one image. */
  readonly macs: number;
}

/** The parts of the dense network. */
export function denseParts({ stem, blocks }: NetworkCost): PartMacs[] {
  return [
    { name: "stem", macs: stem },
    ...blocks.map(({ name, conv1, conv2, conv3 = 0, shortcut }) => ({ name, macs: conv1 + conv2 + conv3 + shortcut })),
  ];
}

/**
 * The parts of the gated network, gates included.
 *
 * @param cost of the network.
 * @param shares what is computed of each gated term, in 0..1, of one image or the mean over images; 0 where left out.
 */
export function gatedParts({ stem, blocks }: NetworkCost, shares: readonly number[]): PartMacs[] {
  let term = 0;
  const parts = blocks.map(({ name, gated, shortcut, gate }) => ({
    name,
    macs: gated.reduce((sum, { macs }) => sum + macs * (shares[term++] ?? 0), shortcut + gate),
  }));
  return [{ name: "stem", macs: stem }, ...parts];
}

/** MACs of the gated network for one image, gates included; parameters as of {@linkcode gatedParts}. */
export function gatedMacs(cost: NetworkCost, shares: readonly number[]): number {
  return gatedParts(cost, shares).reduce((sum, { macs }) => sum + macs, 0);
}

/** The share of the dense network's MACs that no budget can go below: stem, shortcuts and gates. */
export function smallestBudget(spec: NetworkSpec): number {
  const cost = networkCost(spec);
  return gatedMacs(cost, []) / cost.macs;
}
