/**
 * What a gated pass costs, as a function of its masks that gradients flow through.
 *
 * @module
 */
import type { Recorder } from "../autograd/mod.ts";
import { MisuseError } from "../errors.ts";
import { gatedMacs, gatedTerms, type NetworkCost } from "../models/mod.ts";
import { binary, mean, scale, stack, sum } from "../ops/mod.ts";
import { Tensor } from "../tensor/mod.ts";

/** How open the gates of a pass are, mean over its images. */
export interface Openness {
  /** The share of open channels of each gate, [gates] f32. */
  readonly gates: Tensor;
  /** What is computed of each gated term of the network's cost, [terms] f32. */
  readonly terms: Tensor;
}

/** For each image the share of open channels, [N]. */
function imageShares(tape: Recorder, mask: Tensor): Tensor {
  return sum(tape, mask, "columns", 1 / mask.dim(1));
}

/**
 * How open gates are. A term of two gates is computed in the product of an image's own shares, and of these products the mean is
 * taken: it is not the product of the means, for images that open more behind one gate may open more behind the other.
 *
 * @param masks one [N, C] f32 of 0 and 1 for each gate of `cost`.
 */
export function openness(tape: Recorder, masks: readonly Tensor[], cost: NetworkCost): Openness {
  const shares = masks.map((mask) => mean(tape, mask));
  const terms = gatedTerms(cost).map(({ gates: [first, second] }) => {
    const [mask, other] = [masks[first], second === undefined ? undefined : masks[second]];
    const share = shares[first];
    if (mask === undefined || share === undefined) throw new MisuseError(`openness: gate ${first} has no mask`);
    if (other === undefined) return share;
    return mean(tape, binary(tape, "multiply", imageShares(tape, mask), imageShares(tape, other)));
  });
  return { gates: stack(tape, shares), terms: stack(tape, terms) };
}

/**
 * The cost of a pass over that of the dense network: (stem + sum_b (terms + shortcut + gate)) / full, linear in what is computed of
 * the terms.
 *
 * @param terms [terms] f32, as {@linkcode openness} gives it.
 * @returns [1] f32.
 */
export function costShare(tape: Recorder, terms: Tensor, cost: NetworkCost): Tensor {
  const coefficients = Float32Array.from(gatedTerms(cost), ({ macs }) => macs / cost.macs);
  const variable = binary(tape, "multiply", terms, Tensor.from(terms.device, coefficients, [coefficients.length]));
  return scale(tape, sum(tape, variable, "all"), 1, fixedShare(cost));
}

/** The share of the dense network's cost that no gate can save: stem, shortcuts, ungated convolutions and the gates. */
function fixedShare(cost: NetworkCost): number {
  return gatedMacs(cost, []) / cost.macs;
}

/**
 * The open share d, the same for every gate and image, at which a pass costs `target` of the dense network; in 0..1.
 *
 * The root of fixed + a d + b d^2 = target that is not negative, b being the terms of two gates, written so that b may be 0.
 */
export function uniformOpenShare(cost: NetworkCost, target: number): number {
  const termsOf = (gates: number) =>
    gatedTerms(cost).reduce((total, term) => total + (term.gates.length === gates ? term.macs : 0), 0) / cost.macs;
  const [a, b] = [termsOf(1), termsOf(2)];
  const left = Math.max(0, target - fixedShare(cost));
  return Math.min(1, 2 * left / (a + Math.sqrt(a * a + 4 * b * left)));
}
