/**
 * Statistics of features that show a collapse: how much they vary, in how many directions, how redundantly, and how
 * gates open.
 *
 * @module
 */
import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import { CollapseError, DivergenceError } from "../errors.ts";
import { binary, matmul, sum } from "../ops/mod.ts";
import { Scope, type Tensor } from "../tensor/mod.ts";
import type { SplitFeatures } from "./features.ts";

/** Bins of the histogram of openness. */
const BINS = 10;
/** Features have collapsed if their deviation is below this share of the untrained network's. */
const COLLAPSED_SHARE = 0.01;

/** How often the channels of a gate are open. */
export interface GateOpenness {
  /** The gate's name. A block's only gate has the block's name. */
  readonly name: string;
  /** Numbers of channels by the share of images that open them, in ten equal bins of 0..1. The last bin includes 1. */
  readonly histogram: readonly number[];
}

/** Statistics of a network's features over a set of images. */
export interface NetworkHealth {
  /**
   * Standard deviation over images (divisor N - 1), averaged over the features. 0 if all images have equal features.
   */
  readonly featureStd: number;
  /**
   * exp of the entropy of the eigenvalues of the features' covariance, scaled to sum to 1 (Roy and Vetterli 2007): 1 if
   * features vary in one direction, F if they vary equally in all, 0 if they do not vary.
   */
  readonly effectiveRank: number;
  /** Mean magnitude of the covariances of different features. */
  readonly covariance: number;
  /** By gate; for a gated network only. */
  readonly gates?: readonly GateOpenness[];
}

/** The covariance [F, F] of features [N, F], with the divisor N - 1, in row-major order. */
function covarianceOf(features: Tensor): Float32Array {
  using _scope = new Scope();
  const rows = features.dim(0);
  const centred = binary(null, "subtract", features, sum(null, features, "rows", 1 / rows), "row");
  return matmul(null, centred, centred, { transposeA: true, alpha: 1 / Math.max(1, rows - 1) }).toFloat32();
}

/**
 * The effective rank of a covariance matrix, defined at {@linkcode NetworkHealth.effectiveRank}.
 *
 * ml-matrix finds the eigenvalues on the host in float64, by Householder reflections and QL steps. It takes 0.13 s for
 * 512 features and, growing with the third power, 60 times as long for the 2,048 of a ResNet-50 of width 64.
 *
 * @param covariance symmetric [size, size], in row-major order.
 * @returns the rank, or NaN if a value is not finite.
 */
export function effectiveRank(covariance: ArrayLike<number>, size: number): number {
  const matrix = Matrix.zeros(size, size);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const value = covariance[row * size + column] ?? 0;
      // The QL iteration would not end.
      if (!Number.isFinite(value)) return NaN;
      matrix.set(row, column, value);
    }
  }
  const eigenvalues = new EigenvalueDecomposition(matrix, { assumeSymmetric: true }).realEigenvalues;
  // Rounding can turn a zero eigenvalue negative.
  const variances = eigenvalues.map((value) => Math.max(0, value));
  const total = variances.reduce((all, value) => all + value, 0);
  if (total === 0) return 0;
  const shares = variances.map((value) => value / total).filter((share) => share > 0);
  return Math.exp(-shares.reduce((entropy, share) => entropy + share * Math.log(share), 0));
}

function opennessOf(name: string, counts: Float64Array, images: number): GateOpenness {
  const histogram = new Array<number>(BINS).fill(0);
  for (const count of counts) {
    const bin = Math.min(BINS - 1, Math.floor(count / images * BINS));
    histogram[bin] = (histogram[bin] ?? 0) + 1;
  }
  return { name, histogram };
}

/**
 * The statistics of one network's features over a set of images.
 *
 * @param names names of the gates.
 */
export function networkHealth({ features, openCounts }: SplitFeatures, names: readonly string[]): NetworkHealth {
  const [images, size] = [features.dim(0), features.dim(1)];
  const covariance = covarianceOf(features);
  let [deviations, others] = [0, 0];
  covariance.forEach((value, at) => {
    if (at % (size + 1) === 0) deviations += Math.sqrt(Math.max(0, value));
    else others += Math.abs(value);
  });
  const gates = openCounts.map((counts, gate) => opennessOf(names[gate] ?? "", counts, images));
  return {
    featureStd: deviations / size,
    effectiveRank: effectiveRank(covariance, size),
    covariance: size < 2 ? 0 : others / (size * (size - 1)),
    ...(gates.length > 0 ? { gates } : {}),
  };
}

/**
 * Ends a run whose features no longer tell images apart.
 *
 * Features have collapsed if their mean standard deviation is below 1 % of the untrained network's. Norms make trained
 * features vary about as much as untrained ones, unless all images get equal features.
 *
 * @param run names the network and the step in the message, and `lr` and `weightDecay` as the likely causes.
 * @throws {DivergenceError} if the features are not finite.
 * @throws {CollapseError} if the features have collapsed.
 */
export function checkHealth(
  health: NetworkHealth,
  untrained: NetworkHealth,
  run: {
    readonly network: string;
    readonly step: number;
    readonly lr: number;
    readonly weightDecay: number;
  },
): void {
  const { network, step, lr, weightDecay } = run;
  const cause =
    `--lr ${lr} or --weight-decay ${weightDecay} is likely too large: give smaller ones, or a longer --warmup-epochs`;
  const place = `step ${step}: the features of the ${network} network`;
  // A covariance that is not finite shows in the mean deviation or in the rank.
  if (![health.featureStd, health.effectiveRank, health.covariance].every(Number.isFinite)) {
    throw new DivergenceError(`${place} are not finite; ${cause}`);
  }
  if (health.featureStd >= COLLAPSED_SHARE * untrained.featureStd) return;
  const [now, before] = [health.featureStd, untrained.featureStd].map((value) => value.toExponential(1));
  throw new CollapseError(`${place} have collapsed (deviation ${now} over images, untrained ${before}); ${cause}`);
}
