/**
 * MoCo v3: contrast with a momentum copy's projections of the batch (Chen, Xie, He, ICCV 2021, arXiv 2104.02057).
 *
 * @module
 */
import type { Recorder } from "../autograd/mod.ts";
import { Predictor } from "../models/mod.ts";
import { Initialiser } from "../nn/mod.ts";
import { crossEntropy, matmul, mean } from "../ops/mod.ts";
import { Streams } from "../random/mod.ts";
import type { Tensor } from "../tensor/mod.ts";
import type { ComparisonContext, Objective, ObjectiveKind, ObjectiveParts, ObjectiveValue } from "./objective.ts";
import { BatchConstants, labels, normaliseRows, requireTargets, weightedPair } from "./similarity.ts";
import { cosineMomentum } from "./target_momentum.ts";

/** Settings. */
export interface Mocov3Options {
  /** Divides the cosines: 0.2 by default, solo-learn's. */
  readonly temperature: number;
  /** What the target keeps of itself in a step at the run's start: 0.99 by default. */
  readonly momentum: number;
}

/**
 * loss = 2T [ c(h(a), b') + c(h(b), a') ], c(q, k) = mean_i of -log [ exp(cos(q_i, k_i) / T) / sum_j exp(cos(q_i, k_j) / T) ]: h is a predictor
 * D -> D -> D with norm and relu between, a' and b' are the projections of a momentum copy, T = 0.2. The copy keeps 0.99 of
 * itself in a step and by a cosine comes to keep all at the run's end.
 *
 * In `dual` the copy makes the passes that the network makes: queries of the gated pass on view 1 look for their image among the keys of the copy's
 * dense pass on view 2, queries of the dense pass among those of its gated pass. All keys of a query are of one pass, so that nothing is
 * learned by telling the encoders apart.
 *
 * The norm without scale and shift that ends the paper's predictor is left out, as it is in the shared projector.
 *
 * @example
 * ```ts ignore
 * using objective = mocov3({ device, size: 512, seed: 0 });
 * const { loss, terms } = objective.compute(tape, a, b, { targets }); // terms.contrast, before 2T
 * ```
 */
export function mocov3({ device, size, seed }: ObjectiveParts, options: Partial<Mocov3Options> = {}): Objective {
  const { temperature = 0.2, momentum = 0.99 } = options;
  const predictor = new Predictor(device, new Initialiser(seed, Streams.predictor), size, size);
  const places = new BatchConstants((like, images) => labels(like, Array.from({ length: images }, (_, row) => row)));
  const contrast = (tape: Recorder, queries: Tensor, keys: Tensor): Tensor => {
    const [q, k] = [normaliseRows(tape, queries), normaliseRows(null, keys)];
    const logits = matmul(tape, q, k, { transposeB: true, alpha: 1 / temperature });
    return mean(tape, crossEntropy(tape, logits, places.for(keys)));
  };
  return {
    module: predictor,
    targetMomentum: (progress) => cosineMomentum(momentum, progress),
    compute(tape: Recorder, a: Tensor, b: Tensor, context: ComparisonContext = {}): ObjectiveValue {
      const targets = requireTargets("mocov3", context);
      const [fromA, fromB] = predictor.forward(tape, [a, b], context);
      const both = [contrast(tape, fromA, targets.b), contrast(tape, fromB, targets.a)] as const;
      const mutual = weightedPair(tape, ...both, 1 / 2);
      return { loss: weightedPair(tape, ...both, 2 * temperature), terms: { contrast: mutual } };
    },
    [Symbol.dispose]: () => {
      predictor[Symbol.dispose]();
      places[Symbol.dispose]();
    },
  };
}

/** MoCo v3 as it is chosen. */
export const mocov3Kind: ObjectiveKind = {
  name: "mocov3",
  description: "contrast with a momentum copy's projections of the batch (Chen, Xie and He 2021)",
  priceScale: 0.2,
  create: (parts) => mocov3(parts),
};
