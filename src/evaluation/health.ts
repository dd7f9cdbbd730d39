/**
 * Whether features are still features: how much they vary, in how many directions, how redundantly, and how gates open.
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
/** Features that vary by less than this share of the untrained network's have collapsed. */
const COLLAPSED_SHARE = 0.01;

/** How open the channels behind a gate are. */
export interface GateOpenness {
  /** The gate, by its block where that has no other. */
  readonly name: string;
  /** Numbers of channels by the share of images that open them, in ten equal bins of 0..1; a share of 1 is in the last. */
  readonly histogram: readonly number[];
}

/** What a network's features look like over a set of images. */
export interface NetworkHealth {
  /** Mean over the features of their standard deviation over images (divisor N - 1). 0: every image has the same features. */
  readonly featureStd: number;
  /**
   * exp of the entropy of the eigenvalues of the features' covariance, made to sum to 1: 1 where features vary in one direction,
   * F where they vary in all alike; 0 where they do not vary. (Roy and Vetterli 2007)
   */
  readonly effectiveRank: number;
  /** Mean magnitude of the covariances of different features. */
  readonly covariance: number;
  /** By gate, of a gated network. */
  readonly gates?: readonly GateOpenness[];
}

/** Covariance [F, F] of features [N, F], divisor N - 1, row by row. */
function covarianceOf(features: Tensor): Float32Array {
  using _scope = new Scope();
  const rows = features.dim(0);
  const centred = binary(null, "subtract", features, sum(null, features, "rows", 1 / rows), "row");
  return matmul(null, centred, centred, { transposeA: true, alpha: 1 / Math.max(1, rows - 1) }).toFloat32();
}

/**
 * The effective rank of a covariance matrix, as {@linkcode NetworkHealth.effectiveRank}.
 *
 * ml-matrix reduces the matrix to three diagonals by Householder's reflections and finds the eigenvalues by QL steps, in float64
 * on the host: 0.13 s for 512 features, and with their third power 60 times that for the 2,048 of a ResNet-50 of width 64.
 *
 * @param covariance symmetric [size, size], row by row.
 * @returns NaN where a value is not finite.
 */
export function effectiveRank(covariance: ArrayLike<number>, size: number): number {
  const matrix = Matrix.zeros(size, size);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const value = covariance[row * size + column] ?? 0;
      // The iteration would not end.
      if (!Number.isFinite(value)) return NaN;
      matrix.set(row, column, value);
    }
  }
  const eigenvalues = new EigenvalueDecomposition(matrix, { assumeSymmetric: true }).realEigenvalues;
  // Rounding leaves zeros a little below 0.
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
 * The health of one network over a set of images.
 *
 * @param names of the gates.
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
 * Ends a run whose features tell images apart no more.
 *
 * Collapsed are features whose mean standard deviation is below 1 % of that of the same network untrained. Trained features vary as
 * much as untrained ones, by norms; only where images have become alike do they vary so much less.
 *
 * @param network the network's name, for the message.
 * @param step steps done.
 * @param lr the run's learning rate, with `weightDecay` the likely cause.
 * @throws {DivergenceError} where they are not finite.
 * @throws {CollapseError} where they have collapsed.
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
  // A covariance that is not finite makes the sum of deviations so, or the rank.
  if (![health.featureStd, health.effectiveRank, health.covariance].every(Number.isFinite)) {
    throw new DivergenceError(`${place} are not finite; ${cause}`);
  }
  if (health.featureStd >= COLLAPSED_SHARE * untrained.featureStd) return;
  const [now, before] = [health.featureStd, untrained.featureStd].map((value) => value.toExponential(1));
  throw new CollapseError(`${place} have collapsed (deviation ${now} over images, untrained ${before}); ${cause}`);
}
