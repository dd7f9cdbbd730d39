/**
 * The formula that VICReg and VIbCReg share, in float64.
 *
 * @module
 */
import { average, type Formula, type Rows } from "./comparison.ts";

/** The covariance of each two columns, unbiased. */
export function covariances(rows: Rows): Rows {
  const means = (rows[0] ?? []).map((_, j) => average(rows.map((row) => row[j] ?? NaN)));
  const centred = rows.map((row) => row.map((value, j) => value - (means[j] ?? NaN)));
  return means.map((_, i) => {
    return means.map((_, j) => {
      return centred.reduce((total, row) => total + (row[i] ?? NaN) * (row[j] ?? NaN), 0) / (rows.length - 1);
    });
  });
}

/** The sum of the squares of a matrix, its diagonal left out. */
export function squaresOffDiagonal(matrix: Rows): number {
  return matrix.reduce((total, row, i) => {
    return row.reduce((sum, value, j) => i === j ? sum : sum + value ** 2, total);
  }, 0);
}

/** 25 invariance + 25 variance + `covarianceWeight` covariance, the last of one view by `covarianceTerm`. */
export function decorrelationFormula(covarianceWeight: number, covarianceTerm: (view: Rows) => number): Formula {
  const hinge = (view: Rows) => {
    return average(covariances(view).map((row, i) => Math.max(0, 1 - Math.sqrt((row[i] ?? NaN) + 1e-4))));
  };
  return ({ a, b }) => {
    const invariance = average(a.flatMap((row, n) => row.map((value, j) => (value - (b[n]?.[j] ?? NaN)) ** 2)));
    const variance = hinge(a) + hinge(b);
    const covariance = covarianceTerm(a) + covarianceTerm(b);
    return { invariance, variance, covariance, loss: 25 * invariance + 25 * variance + covarianceWeight * covariance };
  };
}
