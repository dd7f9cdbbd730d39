/**
 * SimCLR: contrast within the batch, NT-Xent (Chen, Kornblith, Norouzi, Hinton, ICML 2020, arXiv 2002.05709).
 *
 * @module
 */
import type { Recorder } from "../autograd/mod.ts";
import { binary, concatRows, crossEntropy, matmul, mean } from "../ops/mod.ts";
import { Tensor } from "../tensor/mod.ts";
import type { Objective, ObjectiveKind, ObjectiveValue } from "./objective.ts";
import { BatchConstants, labels, normaliseRows } from "./similarity.ts";

/** Settings of {@linkcode simclr}. */
export interface SimclrOptions {
  /** T, which divides the cosines: 0.2 by default, as in solo-learn. */
  readonly temperature: number;
}

/** Added to the logit of a projection with itself, which excludes it: its exponential becomes 0 in f32. */
const EXCLUDED = -1e9;

/** [2N, 2N] f32: {@linkcode EXCLUDED} on the diagonal, 0 elsewhere. */
function selfMask(like: Tensor, images: number): Tensor {
  const side = 2 * images;
  const values = new Float32Array(side * side);
  for (let row = 0; row < side; row++) values[row * (side + 1)] = EXCLUDED;
  return Tensor.from(like.device, values, [side, side]);
}

/**
 * loss = mean over the 2N projections of -log [ exp(cos(z_i, z_p(i)) / T) / sum_{j != i} exp(cos(z_i, z_j) / T) ].
 *
 * z holds the projections of both views, and p(i) is the other view of image i; T = 0.2.
 *
 * In `dual`, the positive of a projection of the gated pass is the dense pass's projection of the other view, and its
 * negatives are the other images of both passes. There is no target and no stop-gradient.
 *
 * @example
 * ```ts
 * import { Device } from "@sluice/sluice/device";
 * import { simclr } from "@sluice/sluice/objectives";
 * import { Scope, Tensor } from "@sluice/sluice/tensor";
 *
 * using device = Device.open({ device: "cpu", threads: 1 });
 * using _scope = new Scope();
 * const a = Tensor.from(device, Float32Array.of(1, 0, 0, 1), [2, 2]); // two images, projections of size 2
 * const b = Tensor.from(device, Float32Array.of(1, 1, 0, 1), [2, 2]);
 * using objective = simclr({ temperature: 0.5 });
 * console.log(objective.compute(null, a, b).loss.item());
 * ```
 */
export function simclr(options: Partial<SimclrOptions> = {}): Objective {
  const { temperature = 0.2 } = options;
  const masks = new BatchConstants(selfMask);
  const partners = new BatchConstants((like, images) =>
    labels(like, Array.from({ length: 2 * images }, (_, row) => (row + images) % (2 * images)))
  );
  return {
    compute(tape: Recorder, a: Tensor, b: Tensor): ObjectiveValue {
      const z = normaliseRows(tape, concatRows(tape, [a, b]));
      const cosines = matmul(tape, z, z, { transposeB: true, alpha: 1 / temperature });
      const logits = binary(tape, "add", cosines, masks.for(a));
      const loss = mean(tape, crossEntropy(tape, logits, partners.for(a)));
      return { loss, terms: { contrast: loss } };
    },
    [Symbol.dispose]: () => {
      masks[Symbol.dispose]();
      partners[Symbol.dispose]();
    },
  };
}

/** SimCLR, selected by its name. */
export const simclrKind: ObjectiveKind = {
  name: "simclr",
  description: "contrast with the other images of the batch, NT-Xent (Chen et al. 2020)",
  priceScale: 0.4,
  create: () => simclr(),
};
