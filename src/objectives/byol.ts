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

/** Settings of {@linkcode byol}. */
export interface ByolOptions {
  /** m at the run's start: 0.99 by default, as in solo-learn. The paper uses 0.996, over 1000 epochs. */
  readonly momentum: number;
}

/**
 * loss = (2 - 2 mean cos(h(a), b')) + (2 - 2 mean cos(h(b), a')).
 *
 * h is a predictor D -> D -> D with norm and relu between its layers. a' and b' are the projections of a momentum copy,
 * which keeps the share m of itself in each step. m grows from 0.99 to 1 along a cosine over the run.
 *
 * In `dual` the copy repeats the network's passes: a' comes from its gated pass on view 1, b' from its dense pass on
 * view 2. So the gated pass predicts what the dense target sees in the other view, and the dense pass what the gated
 * target sees. Both encoders use the same predictor, whose norm takes the batch statistics of each pass separately.
 *
 * @example
 * ```ts
 * import { Device } from "@sluice/sluice/device";
 * import { byol } from "@sluice/sluice/objectives";
 * import { Scope, Tensor } from "@sluice/sluice/tensor";
 *
 * using device = Device.open({ device: "cpu", threads: 1 });
 * using _scope = new Scope();
 * const a = Tensor.from(device, Float32Array.of(1, 0, 0, 1), [2, 2]); // two images, projections of size 2
 * const b = Tensor.from(device, Float32Array.of(1, 1, 0, 1), [2, 2]);
 * using objective = byol({ device, size: 2, seed: 0 });
 * const targets = { a, b }; // a momentum copy's projections in a training step
 * const { loss, terms } = objective.compute(null, a, b, { targets });
 * console.log(loss.item(), terms["cosine"]?.item());
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

/** BYOL, selected by its name. */
export const byolKind: ObjectiveKind = {
  name: "byol",
  description: "predicting what a momentum copy sees in the other view (Grill et al. 2020)",
  priceScale: 0.25,
  create: (parts) => byol(parts),
};
