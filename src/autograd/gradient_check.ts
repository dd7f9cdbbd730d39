/**
 * Gradient checking: gradients against central finite differences.
 *
 * @module
 */

/** Normalised mean squared error of `actual` against `expected`: |actual - expected|^2 / |expected|^2; 0 where both vanish. */
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
 * Compares a gradient with (f(x + h) - f(x - h)) / 2h, elements chosen evenly.
 *
 * @param values x, float64; moved element by element, and put back afterwards.
 * @param gradient d f / d x, as many values as x has.
 * @param objective computes f from `values` as they are, in float64.
 * @param options the step h, and how many elements are probed at most.
 * @returns the normalised error of the gradient over the elements probed.
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
