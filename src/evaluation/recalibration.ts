/**
 * Estimates the running statistics of the gated norms again, for masks that the norms were not trained with.
 *
 * @module
 */
import type { ImageRun, ImageSet } from "../data/mod.ts";
import { type GatedResNet, isKnot, type TracedRow } from "../models/mod.ts";
import type { NormState } from "../ops/mod.ts";
import type { Precision, Tensor } from "../tensor/mod.ts";
import { sampleBatches } from "./image_sample.ts";
import type { StaticMask } from "./masks.ts";
import type { TrainingViews } from "./training_views.ts";

/** The images that norms are recalibrated on. */
export interface NormImages {
  /** Number of images, of which norms see a sample. */
  readonly count: number;
  /**
   * Visits a sample.
   *
   * @param visit receives batches of it in order: [N, H, W, 3] f32, normalised. A batch may come more than once, in
   * other views.
   */
  visit(sample: readonly (readonly ImageRun[])[], visit: (images: Tensor) => void): void;
}

/**
 * Masks of a batch by gate, [N, C], owned by the open scope; an empty list for the decisions that the gates make.
 *
 * @param images [N, H, W, 3] f32, normalised.
 */
export type NormMasks = (images: Tensor) => readonly Tensor[];

/** The same mask for every image. */
export function alike(mask: StaticMask): NormMasks {
  return (images) => mask.rows(images.device, 0, images.dim(0));
}

/** Indices of the two views of an image that norms are recalibrated on. Training draws 0 and 1, and the probe 2. */
const NORM_VIEWS = [3, 4] as const;

/** The views of an image that gated passes see in training: both, or one of them for both passes over the sample. */
export type SeenViews = readonly [0 | 1, 0 | 1];

/**
 * Views of training images by the data set's recipes, as the gated norms saw them in training. On other images, new
 * statistics would differ from those of training although no mask does.
 *
 * @param seed of the views.
 */
export function normViews(views: TrainingViews<ImageSet>, seed: number, seen: SeenViews): NormImages {
  const { set: { count }, recipes } = views;
  const drawnAs = (turn: 0 | 1) => ({ recipe: recipes[seen[turn]], view: NORM_VIEWS[turn], seed, epoch: 0 });
  return {
    count,
    visit: (sample, visit) => {
      const batches = sample.map((runs) =>
        Int32Array.from(runs.flatMap(([from, to]) => Array.from({ length: to - from }, (_, at) => from + at)))
      );
      views.visit(batches, [drawnAs(0), drawnAs(1)], (pair) => pair.forEach((images) => visit(images)));
    },
  };
}

/** Mean and variance of a norm's inputs over batches of any sizes, in float64. (Chan et al. 1979) */
class PooledStatistics {
  #rows = 0;
  /** Mean of each channel. */
  readonly #mean: Float64Array;
  /** Sum of squared deviations from the mean, by channel. */
  readonly #squares: Float64Array;

  constructor(channels: number) {
    this.#mean = new Float64Array(channels);
    this.#squares = new Float64Array(channels);
  }

  /** Adds a batch by the mean and the unbiased variance of its rows. */
  add(rows: number, mean: Float32Array, variance: Float32Array): void {
    const total = this.#rows + rows;
    mean.forEach((value, channel) => {
      const difference = value - (this.#mean[channel] ?? 0);
      const between = difference ** 2 * this.#rows * rows / total;
      const within = (variance[channel] ?? 0) * (rows - 1);
      this.#squares[channel] = (this.#squares[channel] ?? 0) + within + between;
      this.#mean[channel] = (this.#mean[channel] ?? 0) + difference * rows / total;
    });
    this.#rows = total;
  }

  /** Makes mean and unbiased variance the running statistics of a norm; the variance of a single row is 0. */
  writeTo({ runningMean, runningVar }: NormState): void {
    runningMean.write(Float32Array.from(this.#mean));
    runningVar.write(Float32Array.from(this.#squares, (squares) => squares / Math.max(1, this.#rows - 1)));
  }
}

/** Restores the running statistics of a network's norms, bit for bit, when it is disposed of. */
function savedStatistics(network: GatedResNet): Disposable {
  // A ladder's knots keep what is stored meanwhile.
  const norms = [...network.buffers()].filter(([name]) => !isKnot(name));
  const saved = norms.map(([, buffer]) => ({ buffer, values: buffer.toFloat32() }));
  return {
    [Symbol.dispose]: () => {
      for (const { buffer, values } of saved) buffer.write(values);
    },
  };
}

/**
 * Estimates the running statistics of the gated norms again on a sample of images, under given masks.
 *
 * One pass over the sample computes every block with the statistics of the batch in its norms. A norm's new running
 * mean and variance are the mean and the unbiased variance of its inputs over all images and pixels of the sample,
 * pooled exactly from the batches. Norms of the stem, of shortcuts and of gates keep their statistics. If both encoders
 * share their norms, the dense encoder sees the new statistics, too.
 *
 * @param images training images, {@linkcode normViews}.
 * @param masksOf the masks of each batch.
 * @param precision of the pass; statistics are f32 in every precision.
 * @returns disposing of it gives the network its own statistics back, bit for bit.
 */
export function recalibrateNorms(
  network: GatedResNet,
  images: NormImages,
  masksOf: NormMasks,
  precision: Precision = "f32",
): Disposable {
  using undone = new DisposableStack();
  undone.use(savedStatistics(network));
  const pooled = new Map<NormState, PooledStatistics>();
  const visit = ({ norm, output }: TracedRow) => {
    const channels = output.dim(-1);
    const statistics = pooled.get(norm) ?? new PooledStatistics(channels);
    pooled.set(norm, statistics);
    statistics.add(output.size / channels, norm.runningMean.toFloat32(), norm.runningVar.toFloat32());
  };
  images.visit(sampleBatches(images.count), (batch) => {
    network.evaluate("gated", batch, { masks: masksOf(batch), trace: { batchStatistics: true, visit }, precision });
  });
  for (const [norm, statistics] of pooled) statistics.writeTo(norm);
  return undone.move();
}
