/**
 * The learning rate over the epochs of a run.
 *
 * @module
 */

/** A linear warm-up followed by half a cosine to 0. */
export interface WarmupCosine {
  /** Epochs of the run. */
  readonly epochs: number;
  /** W, epochs of warm-up; 0 for none. */
  readonly warmupEpochs: number;
  /** Rate of the first epoch of the warm-up. */
  readonly startRate: number;
  /** Rate at the end of the warm-up. */
  readonly peakRate: number;
}

/**
 * The rate of an epoch e: start + e (peak - start) / (W - 1) while e < W, then peak (1 + cos(pi (e - W) / (epochs - W))) / 2.
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
