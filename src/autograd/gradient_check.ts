/**
 * Compares gradients with central finite differences.
 *
 * @module
 */

/**
 * Normalised mean squared error of `actual`: |actual - expected|^2 / |expected|^2; 0 if both are 0, infinite if sizes
 * differ.
 */
export function normalisedError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Infinity;
  let difference = 0;
  let reference = 0;
  for (let i = 0; i < expected.length; i++) {
    const value = expected[i] ?? NaN;
    difference += ((actual[i] ?? NaN) - value) ** 2;
    reference += value ** 2;
  }
  if (difference === 0) return 0;
  return difference / Math.max(reference, 1e-30);
}

/**
 * Compares a gradient with (f(x + h) - f(x - h)) / 2h at evenly spaced elements of x.
 *
 * @param values x, float64; each probed element is moved and then put back.
 * @param gradient df/dx, one value for each element of x.
 * @param objective computes f from the present `values`, in float64.
 * @param options the step h (1e-5 by default), and the largest number of probed elements (64 by default).
 * @returns the normalised error of the gradient over the probed elements.
 */
export function compareWithDifferences(
  values: Float64Array,
  gradient: ArrayLike<number>,
  objective: () => number,
  options: { readonly step?: number; readonly probes?: number } = {},
): number {
  const { step = 1e-5, probes = 64 } = options;
  const stride = Math.max(1, Math.ceil(values.length / probes));
  const differences: number[] = [];
  const probed: number[] = [];
  for (let index = 0; index < values.length; index += stride) {
    const original = values[index] ?? NaN;
    const at = (value: number) => {
      values[index] = value;
      return objective();
    };
    const [above, below] = [original + step, original - step];
    differences.push((at(above) - at(below)) / (above - below));
    values[index] = original;
    probed.push(gradient[index] ?? NaN);
  }
  return normalisedError(probed, differences);
}
