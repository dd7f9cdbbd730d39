/**
 * BYOL: a predictor and a momentum target (Grill et al., NeurIPS 2020, arXiv 2006.07733).
 *
 * @module
 */
import type { Recorder } from "../autograd/mod.ts";
import { Predictor } from "../models/mod.ts";
import { Initialiser } from "../nn/mod.ts";
import { scale } from "../ops/mod.ts";
import { Streams } from "../random/mod.ts";
import type { Tensor } from "../tensor/mod.ts";
import type { ComparisonContext, Objective, ObjectiveKind, ObjectiveParts, ObjectiveValue } from "./objective.ts";
import { meanCosine, requireTargets, weightedPair } from "./similarity.ts";
import { cosineMomentum } from "./target_momentum.ts";

/** Settings. */
export interface ByolOptions {
  /** What the target keeps of itself in a step at the run's start: 0.99 by default, solo-learn's (0.996 over the paper's 1000 epochs). */
  readonly momentum: number;
}

/**
 * loss = (2 - 2 mean cos(h(a), b')) + (2 - 2 mean cos(h(b), a')): h is a predictor D -> D -> D with norm and relu between, a' and b' are the projections of
 * a momentum copy, which keeps 0.99 of itself in a step and by a cosine comes to keep all at the run's end.
 *
 * In `dual` the copy makes the passes that the network makes: a' is of its gated pass on view 1, b' of its dense pass on view 2. So the gated
 * pass predicts what the dense target sees in the other view, and the dense pass what the gated target sees: the two encoders
 * are drawn together as in VICReg, and each is trained both ways. The predictor is one for both passes, with batch statistics of each.
 *
 * @example
 * ```ts ignore
 * using objective = byol({ device, size: 512, seed: 0 });
 * const { loss, terms } = objective.compute(tape, a, b, { targets }); // terms.cosine
 * ```
 */
export function byol({ device, size, seed }: ObjectiveParts, options: Partial<ByolOptions> = {}): Objective {
  const { momentum = 0.99 } = options;
  const predictor = new Predictor(device, new Initialiser(seed, Streams.predictor), size, size);
  return {
    module: predictor,
    targetMomentum: (progress) => cosineMomentum(momentum, progress),
    compute(tape: Recorder, a: Tensor, b: Tensor, context: ComparisonContext = {}): ObjectiveValue {
      const targets = requireTargets("byol", context);
      const [fromA, fromB] = predictor.forward(tape, [a, b], context);
      const cosine = weightedPair(tape, meanCosine(tape, fromA, targets.b), meanCosine(tape, fromB, targets.a), 1 / 2);
      return { loss: scale(tape, cosine, -4, 4), terms: { cosine } };
    },
    [Symbol.dispose]: () => predictor[Symbol.dispose](),
  };
}

/** BYOL as it is chosen. */
export const byolKind: ObjectiveKind = {
  name: "byol",
  description: "predicting what a momentum copy sees in the other view (Grill et al. 2020)",
  priceScale: 0.25,
  create: (parts) => byol(parts),
};
