/**
 * The learning rate over the epochs of a run.
 *
 * @module
 */

/** A linear warm-up followed by half a cosine to 0. */
export interface WarmupCosine {
  /** Epochs of the run. */
  readonly epochs: number;
  /** W, the epochs of warm-up; 0 for none. */
  readonly warmupEpochs: number;
  /** Learning rate of the first warm-up epoch. */
  readonly startRate: number;
  /** Learning rate at the end of the warm-up. */
  readonly peakRate: number;
}

/**
 * The learning rate of epoch e: start + e (peak - start) / (W - 1) if e < W,
 * else peak (1 + cos(pi (e - W) / (epochs - W))) / 2.
 *
 * @param epoch from 0.
 */
export function warmupCosine(epoch: number, schedule: WarmupCosine): number {
  const { epochs, warmupEpochs, startRate, peakRate } = schedule;
  if (epoch < warmupEpochs) {
    return warmupEpochs === 1 ? startRate : startRate + epoch * (peakRate - startRate) / (warmupEpochs - 1);
  }
  const progress = (epoch - warmupEpochs) / Math.max(1, epochs - warmupEpochs);
  return peakRate * 0.5 * (1 + Math.cos(Math.PI * progress));
}
