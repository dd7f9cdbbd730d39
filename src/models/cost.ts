/**
 * Multiply-accumulates (MACs) and parameters of a network, counted without building it.
 *
 * Convolutions, shortcuts and gates are counted. Norms, relu, pooling and additions are not, as in the papers that the
 * results are compared with.
 *
 * @module
 */
import { convolvedSize } from "../ops/mod.ts";
import { type BlockSpec, blockSpecs, byConvolution, type NetworkSpec, stemSpec } from "./spec.ts";

/** MACs in proportion to open channels. */
export interface GatedTerm {
  /** With every channel open. */
  readonly macs: number;
  /**
   * The gates whose open shares multiply it, by their places in the network: of a convolution's inputs, outputs or
   * both.
   */
  readonly gates: readonly [first: number, second?: number];
}

/** MACs of one block for one image, with every channel open. */
export interface BlockCost {
  /** torchvision's name of the block. */
  readonly name: string;
  /** The convolutions in order. */
  readonly convolutions: readonly number[];
  /** Shortcut convolution, 0 for an identity; never gated. */
  readonly shortcut: number;
  /** The gates themselves; only gated passes compute them. */
  readonly gate: number;
  /** The convolutions between gates, those of the same gates together. */
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

/** The gated terms of a block, whose first gate is the network's `firstGate`-th. */
function termsOf(block: BlockSpec, macs: readonly number[], firstGate: number): GatedTerm[] {
  const terms = new Map<string, GatedTerm>();
  const gateOf = byConvolution(block, block.gates.map((_, index) => firstGate + index));
  macs.forEach((own, index) => {
    const [first, second] = [gateOf[index - 1], gateOf[index]].filter((gate) => gate !== undefined);
    if (first === undefined) return;
    const gates: GatedTerm["gates"] = second === undefined ? [first] : [first, second];
    const key = gates.join();
    terms.set(key, { macs: (terms.get(key)?.macs ?? 0) + own, gates });
  });
  return [...terms.values()];
}

function sumOf(terms: readonly number[]): number {
  return terms.reduce((sum, term) => sum + term, 0);
}

/** Height and width of the maps that the stem's convolution writes, and of those that the first block reads. */
export function stemSides({ stem, image }: Pick<NetworkSpec, "stem" | "image">): { convolved: number; pooled: number } {
  const { kernel, pool, ...geometry } = stemSpec(stem);
  const convolved = convolvedSize(image, kernel, geometry);
  return { convolved, pooled: pool ? convolvedSize(convolved, pool.kernel, pool) : convolved };
}

/** Counts a network. @throws {ShapeError} as {@linkcode blockSpecs}. */
export function networkCost(spec: NetworkSpec): NetworkCost {
  const { kernel } = stemSpec(spec.stem);
  const { convolved, pooled } = stemSides(spec);
  const stem = convolved * convolved * kernel * kernel * 3 * spec.width;
  let params = kernel * kernel * 3 * spec.width + 2 * spec.width;
  let side = pooled;
  let gateCount = 0;
  const blocks = blockSpecs(spec).map((block): BlockCost => {
    const { name, inChannels, outChannels, projects, gates } = block;
    const convolutions = block.convolutions.map((of) => {
      const weights = of.kernel * of.kernel * of.inChannels * of.outChannels;
      side = convolvedSize(side, of.kernel, of);
      params += weights + 2 * of.outChannels;
      return weights * side * side;
    });
    if (projects) params += inChannels * outChannels + 2 * outChannels;
    const gated = termsOf(block, convolutions, gateCount);
    gateCount += gates.length;
    const shortcut = projects ? side * side * outChannels * inChannels : 0;
    const gate = sumOf(gates.map((of) => of.hidden * (of.inChannels + of.channels / of.group)));
    return { name, convolutions, shortcut, gate, gated };
  });
  const macs = blocks.reduce((sum, { convolutions, shortcut }) => sum + sumOf(convolutions) + shortcut, stem);
  return { macs, gateMacs: sumOf(blocks.map(({ gate }) => gate)), params, stem, blocks };
}

/** The gated terms of all blocks in order; basic blocks have one a gate. */
export function gatedTerms(cost: NetworkCost): GatedTerm[] {
  return cost.blocks.flatMap(({ gated }) => gated);
}

/**
 * The share of each gated term that an image computes: the open share of its gate, or the product of the open shares of
 * its two gates.
 *
 * For several images take the mean of these shares. It is not the product of the mean open shares.
 *
 * @param openShares the image's share of open channels by gate, in 0..1; 0 for gates left out.
 */
export function termShares(cost: NetworkCost, openShares: readonly number[]): number[] {
  const shareOf = (gate: number) => openShares[gate] ?? 0;
  return gatedTerms(cost).map(({ gates: [first, second] }) => {
    return shareOf(first) * (second === undefined ? 1 : shareOf(second));
  });
}

/**
 * MACs of one open channel of each gate, if the other gates open the given shares.
 *
 * In a basic block the price of a channel is fixed. In a bottleneck the 3x3 convolution lies between two gates, so the
 * price also depends on the open share of the other gate.
 *
 * @param channels number of channels by gate.
 * @param openShares share of open channels by gate, in 0..1; 0 for gates left out.
 */
export function channelMacs(cost: NetworkCost, channels: readonly number[], openShares: readonly number[]): number[] {
  const totals = channels.map(() => 0);
  const add = (gate: number, macs: number) => totals[gate] = (totals[gate] ?? 0) + macs;
  for (const { macs, gates: [first, second] } of gatedTerms(cost)) {
    add(first, macs * (second === undefined ? 1 : openShares[second] ?? 0));
    if (second !== undefined) add(second, macs * (openShares[first] ?? 0));
  }
  return totals.map((macs, gate) => macs / (channels[gate] ?? 1));
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
    ...blocks.map(({ name, convolutions, shortcut }) => ({ name, macs: sumOf(convolutions) + shortcut })),
  ];
}

/**
 * The parts of the gated network, gates included.
 *
 * @param shares the computed share of each gated term, in 0..1, of one image or the mean over images; 0 for terms left
 * out.
 */
export function gatedParts({ stem, blocks }: NetworkCost, shares: readonly number[]): PartMacs[] {
  let term = 0;
  const parts = blocks.map(({ name, convolutions, gated, shortcut, gate }) => {
    const ungated = sumOf(convolutions) - sumOf(gated.map(({ macs }) => macs));
    const fixed = shortcut + gate + ungated;
    return { name, macs: gated.reduce((sum, { macs }) => sum + macs * (shares[term++] ?? 0), fixed) };
  });
  return [{ name: "stem", macs: stem }, ...parts];
}

/** MACs of the gated network for one image, gates included; parameters as of {@linkcode gatedParts}. */
export function gatedMacs(cost: NetworkCost, shares: readonly number[]): number {
  return gatedParts(cost, shares).reduce((sum, { macs }) => sum + macs, 0);
}

/**
 * The share of the dense network's MACs that no budget can go below: stem, shortcuts, gates and ungated convolutions.
 */
export function smallestBudget(spec: NetworkSpec): number {
  const cost = networkCost(spec);
  return gatedMacs(cost, []) / cost.macs;
}
