/**
 * The cost of a network for images whose open channels were counted.
 *
 * @module
 */
import {
  denseParts,
  gatedParts,
  networkCost,
  type NetworkSpec,
  type PartMacs,
  type Pass,
  wholeSpec,
} from "../models/mod.ts";
import type { MeasuredCost } from "./accuracy.ts";

/**
 * The cost by part: the stem, and each block.
 *
 * @param termShares computed share of each gated term, see {@linkcode measuredTermShares}; the dense network has none.
 */
export function measuredParts(spec: NetworkSpec, pass: Pass, termShares: readonly number[]): PartMacs[] {
  const cost = networkCost(spec);
  return pass === "dense" ? denseParts(cost) : gatedParts(cost, termShares);
}

/**
 * The cost of all parts together, see {@linkcode measuredParts}. The share is of the dense network; that of a slim
 * network is of the network that it was cut out of.
 */
export function measuredCost(spec: NetworkSpec, pass: Pass, termShares: readonly number[]): MeasuredCost {
  const macs = measuredParts(spec, pass, termShares).reduce((sum, part) => sum + part.macs, 0);
  return { macs, share: macs / networkCost(wholeSpec(spec)).macs };
}
