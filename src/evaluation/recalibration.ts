/**
 * Estimates the running statistics of the gated norms again, for masks that the norms were not trained with.
 *
 * @module
 */
import type { EvaluationImages } from "../data/mod.ts";
import type { GatedResNet, TracedRow } from "../models/mod.ts";
import type { NormState } from "../ops/mod.ts";
import { Scope } from "../tensor/mod.ts";
import { sampleBatches, sampledImages, sampledMasks } from "./image_sample.ts";
import type { MaskSource } from "./masks.ts";

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

/** Restores all running statistics of a network, bit for bit, when it is disposed of. */
function savedStatistics(network: GatedResNet): Disposable {
  const saved = [...network.buffers()].map(([, buffer]) => ({ buffer, values: buffer.toFloat32() }));
  return {
    [Symbol.dispose]: () => {
      for (const { buffer, values } of saved) buffer.write(values);
    },
  };
}

/**
 * Estimates the running statistics of the gated norms again on a sample of plain images, under given masks.
 *
 * One pass over the sample computes every block with the statistics of the batch in its norms. A norm's new running
 * mean and variance are the mean and the unbiased variance of its inputs over all images and pixels of the sample,
 * pooled exactly from the batches. Norms of the stem, of shortcuts and of gates keep their statistics. If both encoders
 * share their norms, the dense encoder sees the new statistics, too.
 *
 * @param images training images, as evaluation shows them.
 * @param masks masks of these images; null for the decisions that the gates make in this pass.
 * @param limit the most images of the sample, {@linkcode sampleBatches}; 5,000 by default.
 * @returns disposing of it gives the network its own statistics back, bit for bit.
 */
export function recalibrateNorms(
  network: GatedResNet,
  images: EvaluationImages,
  masks: MaskSource | null,
  limit?: number,
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
  for (const batch of sampleBatches(images.set.count, limit)) {
    using _scope = new Scope();
    const given = masks === null ? [] : sampledMasks(masks, images.device, batch);
    network.evaluate("gated", sampledImages(images, batch), given, { batchStatistics: true, visit });
  }
  for (const [norm, statistics] of pooled) statistics.writeTo(norm);
  return undone.move();
}
