/**
 * MoCo v2+: contrast with a queue of a momentum copy's projections (He et al., CVPR 2020, arXiv 1911.05722; Chen et
 * al., arXiv 2003.04297), made symmetric as in solo-learn (da Costa et al., JMLR 2022).
 *
 * @module
 */
import type { Recorder } from "../autograd/mod.ts";
import type { Device } from "../device/mod.ts";
import { Module } from "../nn/mod.ts";
import { binary, enqueueRows, matmul, mean, scale, sum, unary } from "../ops/mod.ts";
import { RandomStream, streamOf, Streams } from "../random/mod.ts";
import { Tensor, unscoped } from "../tensor/mod.ts";
import type { ComparisonContext, Objective, ObjectiveKind, ObjectiveParts, ObjectiveValue } from "./objective.ts";
import { normaliseRows, requireTargets, rowProducts, weightedPair } from "./similarity.ts";
import { cosineMomentum } from "./target_momentum.ts";

/** Settings of {@linkcode mocov2plus}. */
export interface Mocov2plusOptions {
  /** T, which divides the cosines: 0.2 by default. */
  readonly temperature: number;
  /** m at the run's start: 0.99 by default, as in solo-learn. */
  readonly momentum: number;
  /**
   * Keys in a queue: 4096 by default, as the authors use for CIFAR. With their 65,536 for ImageNet, a queue would hold
   * six keys of different age of each image in a set of 10,000.
   */
  readonly queue: number;
}

/** Rows of unit length in random directions, [rows, columns]. */
function randomDirections(stream: RandomStream, rows: number, columns: number): Float32Array<ArrayBuffer> {
  const values = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const drawn = Float64Array.from({ length: columns }, () => stream.normal());
    const length = Math.sqrt(drawn.reduce((total, value) => total + value ** 2, 0));
    values.set(drawn.map((value) => value / length), row * columns);
  }
  return values;
}

/**
 * The latest keys of the two passes, newest first: buffers `queue.a` and `queue.b`, [Q, D] f32, with rows of length 1.
 */
class KeyQueues extends Module {
  readonly a: Tensor;
  readonly b: Tensor;

  /** Fills the queues with random directions from the seed, or with zeros if it is null. */
  constructor(device: Device, seed: number | null, rows: number, columns: number) {
    super();
    const queue = (index: number) => {
      if (seed === null) return unscoped(() => Tensor.full(device, [rows, columns], 0));
      const stream = new RandomStream(seed, streamOf(Streams.queue, index), 0);
      return unscoped(() => Tensor.from(device, randomDirections(stream, rows, columns), [rows, columns]));
    };
    this.a = this.buffer("queue.a", queue(0));
    this.b = this.buffer("queue.b", queue(1));
  }
}

/**
 * loss = 1/2 [ c(a, b', Q_b) + c(b, a', Q_a) ], with e(q, k) = exp(cos(q, k) / T) and
 * c(q, k, Q) = mean_i of -log [ e(q_i, k_i) / (e(q_i, k_i) + sum_{k' in Q} e(q_i, k')) ].
 *
 * a' and b' are the projections of a momentum copy (the keys), Q_a and Q_b are queues of their latest 4096, T = 0.2.
 * The keys of a step enter the queues after it. The copy keeps the share m of itself in each step. m grows from 0.99 to
 * 1 along a cosine over the run. The queues begin with random directions, drawn from the run's seed.
 *
 * In `dual` the copy repeats the network's passes. A query of the gated pass on view 1 has its key in the copy's dense
 * pass on view 2, and its negatives are earlier keys of dense passes. A query of the dense pass has its key and
 * negatives in gated passes. If positives and negatives came from different encoders, a network could tell them apart
 * without looking at images. That is why there are two queues.
 *
 * @example
 * ```ts
 * import { Device } from "@sluice/sluice/device";
 * import { mocov2plus } from "@sluice/sluice/objectives";
 * import { Scope, Tensor } from "@sluice/sluice/tensor";
 *
 * using device = Device.open({ device: "cpu", threads: 1 });
 * using _scope = new Scope();
 * const a = Tensor.from(device, Float32Array.of(1, 0, 0, 1), [2, 2]); // two images, projections of size 2
 * const b = Tensor.from(device, Float32Array.of(1, 1, 0, 1), [2, 2]);
 * using objective = mocov2plus({ device, size: 2, seed: 0 }, { queue: 4 });
 * const targets = { a, b }; // a momentum copy's projections in a training step
 * const { loss, commit } = objective.compute(null, a, b, { targets });
 * console.log(loss.item());
 * commit?.(); // the step's keys enter the queues
 * ```
 */
export function mocov2plus(
  { device, size, seed }: ObjectiveParts,
  options: Partial<Mocov2plusOptions> = {},
): Objective {
  const { temperature = 0.2, momentum = 0.99, queue = 4096 } = options;
  const queues = new KeyQueues(device, seed, queue, size);
  // |cos| / T is at most 1 / T, so that the exponentials cannot overflow.
  const contrast = (tape: Recorder, queries: Tensor, keys: Tensor, negatives: Tensor): Tensor => {
    const q = normaliseRows(tape, queries);
    const positive = scale(tape, rowProducts(tape, q, keys), 1 / temperature);
    const logits = matmul(tape, q, negatives, { transposeB: true, alpha: 1 / temperature });
    const others = sum(tape, unary(tape, "exp", logits), "columns");
    const everything = binary(tape, "add", others, unary(tape, "exp", positive));
    return mean(tape, binary(tape, "subtract", unary(tape, "log", everything), positive));
  };
  return {
    module: queues,
    targetMomentum: (progress) => cosineMomentum(momentum, progress),
    compute(tape: Recorder, a: Tensor, b: Tensor, context: ComparisonContext = {}): ObjectiveValue {
      const targets = requireTargets("mocov2plus", context);
      const [keysA, keysB] = [normaliseRows(null, targets.a), normaliseRows(null, targets.b)];
      const both = [contrast(tape, a, keysB, queues.b), contrast(tape, b, keysA, queues.a)] as const;
      const loss = weightedPair(tape, ...both, 1 / 2);
      const commit = () => {
        enqueueRows(queues.a, keysA);
        enqueueRows(queues.b, keysB);
      };
      return { loss, terms: { contrast: loss }, commit };
    },
    [Symbol.dispose]: () => queues[Symbol.dispose](),
  };
}

/** MoCo v2+, selected by its name. */
export const mocov2plusKind: ObjectiveKind = {
  name: "mocov2plus",
  description: "contrast with a queue of a momentum copy's projections (He et al. 2020, Chen et al. 2020)",
  priceScale: 0.3,
  create: (parts) => mocov2plus(parts),
};
