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

/** Settings of {@linkcode mocov3}. */
export interface Mocov3Options {
  /** T, which divides the cosines: 0.2 by default, as in solo-learn. */
  readonly temperature: number;
  /** m at the run's start: 0.99 by default. */
  readonly momentum: number;
}

/**
 * loss = 2T [ c(h(a), b') + c(h(b), a') ],
 * with c(q, k) = mean_i of -log [ exp(cos(q_i, k_i) / T) / sum_j exp(cos(q_i, k_j) / T) ].
 *
 * h is a predictor D -> D -> D with norm and relu between its layers, a' and b' are the projections of a momentum copy,
 * T = 0.2. The copy keeps the share m of itself in each step. m grows from 0.99 to 1 along a cosine over the run.
 *
 * In `dual` the copy repeats the network's passes. Queries of the gated pass on view 1 look for their image among the
 * keys of the copy's dense pass on view 2, and queries of the dense pass among the keys of its gated pass. All keys of
 * a query come from one pass, so that telling the encoders apart does not lower the loss.
 *
 * The paper's predictor ends in a norm without scale and shift. This one does not, nor does the shared projector.
 *
 * @example
 * ```ts
 * import { Device } from "@sluice/sluice/device";
 * import { mocov3 } from "@sluice/sluice/objectives";
 * import { Scope, Tensor } from "@sluice/sluice/tensor";
 *
 * using device = Device.open({ device: "cpu", threads: 1 });
 * using _scope = new Scope();
 * const a = Tensor.from(device, Float32Array.of(1, 0, 0, 1), [2, 2]); // two images, projections of size 2
 * const b = Tensor.from(device, Float32Array.of(1, 1, 0, 1), [2, 2]);
 * using objective = mocov3({ device, size: 2, seed: 0 });
 * const targets = { a, b }; // a momentum copy's projections in a training step
 * const { loss, terms } = objective.compute(null, a, b, { targets });
 * console.log(loss.item(), terms["contrast"]?.item()); // the term is not multiplied by 2T
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

/** MoCo v3, selected by its name. */
export const mocov3Kind: ObjectiveKind = {
  name: "mocov3",
  description: "contrast with a momentum copy's projections of the batch (Chen, Xie and He 2021)",
  priceScale: 0.2,
  create: (parts) => mocov3(parts),
};
