/**
 * MoCo v2+: contrast with a queue of a momentum copy's projections (He et al., CVPR 2020, arXiv 1911.05722; Chen et al., arXiv 2003.04297), symmetric as
 * solo-learn's (da Costa et al., JMLR 2022).
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

/** Settings. */
export interface Mocov2plusOptions {
  /** Divides the cosines: 0.2 by default. */
  readonly temperature: number;
  /** What the target keeps of itself in a step at the run's start: 0.99 by default, solo-learn's. */
  readonly momentum: number;
  /**
   * Keys in a queue: 4096 by default, the authors' for CIFAR. Of 65,536, as for ImageNet, a set of 10,000 images would hold each six times over,
   * at six ages.
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

/** The latest keys of each of the two passes, newest first: buffers `queue.a` and `queue.b`, [Q, D] f32, of unit rows. */
class KeyQueues extends Module {
  readonly a: Tensor;
  readonly b: Tensor;

  /** Filled with random directions of the seed, or with zeros without one. */
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
 * loss = 1/2 [ c(a, b', Q_b) + c(b, a', Q_a) ], c(q, k, Q) = mean_i of -log [ exp(cos(q_i, k_i) / T) / (exp(cos(q_i, k_i) / T) + sum_{k' in Q} exp(cos(q_i, k') / T)) ]: a' and b' are
 * the projections of a momentum copy (the keys), Q_a and Q_b queues of the latest 4096 of them, T = 0.2. After a step its keys enter the
 * queues. The copy keeps 0.99 of itself in a step and by a cosine comes to keep all at the run's end.
 *
 * In `dual` the copy makes the passes that the network makes: a query of the gated pass on view 1 has its key in the copy's dense pass on view 2, and its
 * negatives in earlier keys of dense passes; a query of the dense pass has both in gated passes. There are two queues for that: were negatives
 * of the other encoder than the positive, telling the encoders apart would do.
 *
 * The queues begin with random directions, drawn from the run's seed.
 *
 * @example
 * ```ts ignore
 * using objective = mocov2plus({ device, size: 512, seed: 0 });
 * const { loss, commit } = objective.compute(tape, a, b, { targets });
 * commit?.(); // the step's keys enter the queues
 * ```
 */
export function mocov2plus(
  { device, size, seed }: ObjectiveParts,
  options: Partial<Mocov2plusOptions> = {},
): Objective {
  const { temperature = 0.2, momentum = 0.99, queue = 4096 } = options;
  const queues = new KeyQueues(device, seed, queue, size);
  // Cosines over T are within 1/T of 0: their exponentials need no largest value taken off.
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

/** MoCo v2+ as it is chosen. */
export const mocov2plusKind: ObjectiveKind = {
  name: "mocov2plus",
  description: "contrast with a queue of a momentum copy's projections (He et al. 2020, Chen et al. 2020)",
  priceScale: 0.3,
  create: (parts) => mocov2plus(parts),
};
