/**
 * The cost of a gated pass as a differentiable function of its masks.
 *
 * @module
 */
import type { Recorder } from "../autograd/mod.ts";
import { MisuseError } from "../errors.ts";
import { gatedMacs, gatedTerms, type NetworkCost } from "../models/mod.ts";
import { binary, mean, scale, stack, sum } from "../ops/mod.ts";
import { Tensor } from "../tensor/mod.ts";

/** Open shares of a pass, averaged over its images. */
export interface Openness {
  /** Share of open channels of each gate, [gates] f32. */
  readonly gates: Tensor;
  /** Computed share of each gated term of the network's cost, [terms] f32. */
  readonly terms: Tensor;
}

/** The share of open channels for each image, [N]. */
function imageShares(tape: Recorder, mask: Tensor): Tensor {
  return sum(tape, mask, "columns", 1 / mask.dim(1));
}

/**
 * The open shares of gates and of the terms of the cost.
 *
 * For a term between two gates, the shares of both are multiplied for each image, and the products averaged. The
 * product of the averages would be wrong: an image that opens more behind one gate may open more behind the other.
 *
 * @param masks one tensor for each gate of `cost`, [N, C] f32 of 0 and 1.
 * @throws {MisuseError} if a gate has no mask.
 */
export function openness(tape: Recorder, masks: readonly Tensor[], cost: NetworkCost): Openness {
  const shares = masks.map((mask) => mean(tape, mask));
  const terms = gatedTerms(cost).map(({ gates: [first, second] }) => {
    const [mask, other] = [masks[first], second === undefined ? undefined : masks[second]];
    const share = shares[first];
    if (mask === undefined || share === undefined) {
      throw new MisuseError(`openness: gate ${first} has no mask; give one for each gate`);
    }
    if (other === undefined) return share;
    return mean(tape, binary(tape, "multiply", imageShares(tape, mask), imageShares(tape, other)));
  });
  return { gates: stack(tape, shares), terms: stack(tape, terms) };
}

/**
 * The cost of a pass over the dense network's: (stem + sum_b (terms + shortcut + gate)) / full. It is linear in the
 * shares of the terms.
 *
 * @param terms [terms] f32, as {@linkcode openness} gives it.
 * @returns [1] f32.
 */
export function costShare(tape: Recorder, terms: Tensor, cost: NetworkCost): Tensor {
  const coefficients = Float32Array.from(gatedTerms(cost), ({ macs }) => macs / cost.macs);
  const variable = binary(tape, "multiply", terms, Tensor.constant(terms.device, coefficients, [coefficients.length]));
  return scale(tape, sum(tape, variable, "all"), 1, fixedShare(cost));
}

/** {@linkcode costShare} of masks by gate, each [N, C] f32 of 0 and 1, without a gradient. */
export function maskedShare(masks: readonly Tensor[], cost: NetworkCost): Tensor {
  return costShare(null, openness(null, masks, cost).terms, cost);
}

/** The share of the dense network's cost that gates cannot save: stem, shortcuts, ungated convolutions, and gates. */
function fixedShare(cost: NetworkCost): number {
  return gatedMacs(cost, []) / cost.macs;
}

/**
 * The open share d, equal for all gates and images, at which a pass costs `target` of the dense network; in 0..1.
 *
 * d is the non-negative root of fixed + a d + b d^2 = target. b counts the terms between two gates. The root is written
 * so that b may be 0.
 */
export function uniformOpenShare(cost: NetworkCost, target: number): number {
  const termsOf = (gates: number) =>
    gatedTerms(cost).reduce((total, term) => total + (term.gates.length === gates ? term.macs : 0), 0) / cost.macs;
  const [a, b] = [termsOf(1), termsOf(2)];
  const left = Math.max(0, target - fixedShare(cost));
  return Math.min(1, 2 * left / (a + Math.sqrt(a * a + 4 * b * left)));
}
