/**
 * Defines the distribution of random views: ranges and probabilities of each change.
 *
 * @module
 */

/**
 * The distribution of an augmented view. Changes apply in the order of the fields; the four jitter changes in random
 * order.
 */
export interface ViewRecipe {
  /** Range of the crop's share of the image's area. */
  readonly scale: readonly [number, number];
  /** Range of the crop's width / height, drawn log-uniformly. */
  readonly ratio: readonly [number, number];
  /** Probability of the colour jitter, which applies all four changes. */
  readonly jitterProbability: number;
  /** b: the brightness factor is uniform in [max(0, 1 - b), 1 + b]. */
  readonly brightness: number;
  /** c: the contrast factor is uniform in [max(0, 1 - c), 1 + c]. */
  readonly contrast: number;
  /** s: the saturation factor is uniform in [max(0, 1 - s), 1 + s]. */
  readonly saturation: number;
  /** h in 0..0.5: the hue shift is uniform in [-h, h] turns. */
  readonly hue: number;
  /** Probability of conversion to grey. */
  readonly grayscaleProbability: number;
  /** Probability of Gaussian blur. */
  readonly blurProbability: number;
  /** Range of the blur's sigma, in pixels of the view. */
  readonly blurSigma: readonly [number, number];
  /** Probability of solarisation. */
  readonly solarizeProbability: number;
  /** Probability of a left-right flip. */
  readonly flipProbability: number;
}

/** The view of "Unifying Synergies between Self-supervised Learning and Dynamic Computation" (arXiv 2301.09164). */
export const paperView: ViewRecipe = {
  scale: [0.2, 1],
  ratio: [3 / 4, 4 / 3],
  jitterProbability: 0.8,
  brightness: 0.4,
  contrast: 0.4,
  saturation: 0.2,
  hue: 0.1,
  grayscaleProbability: 0.2,
  blurProbability: 0,
  blurSigma: [0.1, 2],
  solarizeProbability: 0.1,
  flipProbability: 0.5,
};
