/**
 * SimSiam: a predictor and a stop-gradient (Chen, He, CVPR 2021, arXiv 2011.10566).
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
import { meanCosine, weightedPair } from "./similarity.ts";

/** The predictor narrows by so much: 2048 to 512 in the paper. */
const BOTTLENECK = 4;

/**
 * loss = -1/2 mean cos(h(a), sg(b)) - 1/2 mean cos(h(b), sg(a)): h is a predictor D -> D/4 -> D with norm and relu between, sg the
 * stop-gradient.
 *
 * In `dual` each pass plays both parts: the prediction from the gated pass of view 1 is compared with the dense pass of view 2 held constant, and
 * that from the dense pass with the gated one held constant. One predictor serves both, with batch statistics of each pass, so that both
 * encoders come to one space. Were only one pass to predict, the other encoder's weights of its own (its norms, the gates)
 * would get no gradient.
 *
 * Two things of the paper's are otherwise: the projector, shared by all objectives, ends without a norm (67.4 for 68.1 % in the paper's
 * table 3), and the predictor's rate falls with the others'.
 *
 * @example
 * ```ts ignore
 * using objective = simsiam({ device, size: 512, seed: 0 });
 * const { loss, terms } = objective.compute(tape, a, b); // terms.cosine
 * ```
 */
export function simsiam({ device, size, seed }: ObjectiveParts): Objective {
  const hidden = Math.max(1, Math.floor(size / BOTTLENECK));
  const predictor = new Predictor(device, new Initialiser(seed, Streams.predictor), size, hidden);
  return {
    module: predictor,
    compute(tape: Recorder, a: Tensor, b: Tensor, { collective }: ComparisonContext = {}): ObjectiveValue {
      const [fromA, fromB] = predictor.forward(tape, [a, b], { collective });
      const cosine = weightedPair(tape, meanCosine(tape, fromA, b), meanCosine(tape, fromB, a), 1 / 2);
      return { loss: scale(tape, cosine, -1), terms: { cosine } };
    },
    [Symbol.dispose]: () => predictor[Symbol.dispose](),
  };
}

/** SimSiam as it is chosen. */
export const simsiamKind: ObjectiveKind = {
  name: "simsiam",
  description: "predicting one view from the other, whose gradient is stopped (Chen and He 2021)",
  priceScale: 0.2,
  create: simsiam,
};
