/**
 * The loss of invariance, variance and covariance that VICReg and VIbCReg share, each with a covariance term of its
 * own.
 *
 * @module
 */
import type { Recorder } from "../autograd/mod.ts";
import { binary, matmul, mean, scale, sum, unary } from "../ops/mod.ts";
import type { Tensor } from "../tensor/mod.ts";
import type { ObjectiveValue } from "./objective.ts";

/** Weights of the three terms. */
export interface TermWeights {
  /** 25 by default. */
  readonly invarianceWeight: number;
  /** 25 by default. */
  readonly varianceWeight: number;
  /** 1 by default in VICReg; 200 in VIbCReg, whose term is a mean over D^2 entries of at most 1. */
  readonly covarianceWeight: number;
}

/** Projections of one view, less the mean of each column. */
export interface CentredColumns {
  /** [N, D] f32, each column of mean 0. */
  readonly centred: Tensor;
  /** [D] f32, the unbiased variance of each column. */
  readonly variance: Tensor;
}

/** Added to the variance under the square root. */
const EPSILON = 1e-4;

function centre(tape: Recorder, z: Tensor): CentredColumns {
  const rows = z.dim(0);
  const centred = binary(tape, "subtract", z, sum(tape, z, "rows", 1 / rows), "row");
  return { centred, variance: sum(tape, unary(tape, "square", centred), "rows", 1 / (rows - 1)) };
}

/** mean_j relu(1 - sqrt(var_j + 1e-4)). */
function varianceTerm(tape: Recorder, { variance }: CentredColumns): Tensor {
  const deviation = unary(tape, "sqrt", scale(tape, variance, 1, EPSILON));
  return mean(tape, unary(tape, "relu", scale(tape, deviation, -1, 1)));
}

/** Settings of {@linkcode squaresOffDiagonal}. */
export interface GramOptions {
  /** Factor of z^T z. */
  readonly alpha: number;
  /** The diagonal of alpha z^T z, [D] f32. */
  readonly diagonal: Tensor;
  /** Factor of the sum. */
  readonly factor: number;
}

/**
 * factor sum_{i != j} g_ij^2, with g = alpha z^T z, [D, D].
 *
 * The squared Frobenius norm of z^T z equals that of z z^T, so that the smaller product is formed. The squares of the
 * diagonal are then subtracted.
 *
 * @param z [N, D] f32.
 * @returns [1] f32.
 */
export function squaresOffDiagonal(tape: Recorder, z: Tensor, { alpha, diagonal, factor }: GramOptions): Tensor {
  const wide = z.dim(0) < z.dim(1);
  const gram = matmul(tape, z, z, { transposeA: !wide, transposeB: wide, alpha });
  const everything = sum(tape, unary(tape, "square", gram), "all", factor);
  return binary(tape, "subtract", everything, sum(tape, unary(tape, "square", diagonal), "all", factor));
}

/**
 * The weighted sum of three terms: invariance, the mean of (a - b)^2 over all entries; variance,
 * mean_j relu(1 - sqrt(var_j + 1e-4)); and `covarianceTerm`. The last two are summed over the two views.
 *
 * @param a [N, D] f32, N >= 2.
 * @param b [N, D] f32.
 * @param covarianceTerm of one view, [1] f32.
 * @throws {ShapeError} if the shapes differ.
 */
export function decorrelate(
  tape: Recorder,
  a: Tensor,
  b: Tensor,
  weights: TermWeights,
  covarianceTerm: (tape: Recorder, view: CentredColumns) => Tensor,
): ObjectiveValue {
  const invariance = mean(tape, unary(tape, "square", binary(tape, "subtract", a, b)));
  const [one, two] = [centre(tape, a), centre(tape, b)];
  const variance = binary(tape, "add", varianceTerm(tape, one), varianceTerm(tape, two));
  const covariance = binary(tape, "add", covarianceTerm(tape, one), covarianceTerm(tape, two));
  const weighted = [
    scale(tape, invariance, weights.invarianceWeight),
    scale(tape, variance, weights.varianceWeight),
    scale(tape, covariance, weights.covarianceWeight),
  ] as const;
  const loss = binary(tape, "add", binary(tape, "add", weighted[0], weighted[1]), weighted[2]);
  return { loss, terms: { invariance, variance, covariance } };
}
