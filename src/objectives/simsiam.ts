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

/** D over the predictor's hidden size: 2048 / 512 in the paper. */
const BOTTLENECK = 4;

/**
 * loss = -1/2 mean cos(h(a), sg(b)) - 1/2 mean cos(h(b), sg(a)).
 *
 * h is a predictor D -> D/4 -> D with norm and relu between its layers, sg is the stop-gradient.
 *
 * In `dual` each pass predicts the other: the prediction from the gated pass of view 1 is compared with the constant
 * dense pass of view 2, and the prediction from the dense pass with the constant gated one. If only one pass predicted,
 * the norms and gates that belong to the other encoder alone would get no gradient. Both use one predictor, whose norm
 * takes the batch statistics of each pass separately, so that both encoders arrive in one space.
 *
 * Two things differ from the paper. The projector, which all objectives share, ends without a norm (67.4 instead of
 * 68.1 % in the paper's table 3). The predictor's learning rate falls with the others.
 *
 * @example
 * ```ts
 * import { Device } from "@sluice/sluice/device";
 * import { simsiam } from "@sluice/sluice/objectives";
 * import { Scope, Tensor } from "@sluice/sluice/tensor";
 *
 * using device = Device.open({ device: "cpu", threads: 1 });
 * using _scope = new Scope();
 * const a = Tensor.from(device, Float32Array.of(1, 0, 0, 1), [2, 2]); // two images, projections of size 2
 * const b = Tensor.from(device, Float32Array.of(1, 1, 0, 1), [2, 2]);
 * using objective = simsiam({ device, size: 2, seed: 0 });
 * const { loss, terms } = objective.compute(null, a, b);
 * console.log(loss.item(), terms["cosine"]?.item());
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

/** SimSiam, selected by its name. */
export const simsiamKind: ObjectiveKind = {
  name: "simsiam",
  description: "predicting one view from the other, whose gradient is stopped (Chen and He 2021)",
  priceScale: 0.2,
  create: simsiam,
};
