/**
 * Means and standard deviations over the runs of a configuration.
 *
 * @module
 */

/** Mean and standard deviation of a quantity. */
export interface Spread {
  /** Mean of the values. */
  readonly mean: number;
  /** Standard deviation of a sample (divisor n - 1); null for a single value. */
  readonly deviation: number | null;
  /** Number of values, 1 or more. */
  readonly count: number;
}

/** The spread of the values, without null and undefined; null if no value is left. */
export function spreadOf(values: readonly (number | null | undefined)[]): Spread | null {
  const given = values.filter((value) => value !== null && value !== undefined);
  if (given.length === 0) return null;
  const mean = given.reduce((sum, value) => sum + value, 0) / given.length;
  if (given.every((value) => value === given[0])) {
    return { mean: given[0] ?? 0, deviation: given.length < 2 ? null : 0, count: given.length };
  }
  const squares = given.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: given.length < 2 ? null : Math.sqrt(squares / (given.length - 1)), count: given.length };
}

/** The smallest and the largest value. `Math.min(...values)` fails for more values than a call takes arguments. */
export function extentOf(values: readonly number[]): readonly [lowest: number, highest: number] {
  let [lowest, highest] = [Infinity, -Infinity];
  for (const value of values) [lowest, highest] = [Math.min(lowest, value), Math.max(highest, value)];
  return [lowest, highest];
}

/** A spread as text, `45.10 ± 0.31`; without the deviation if it is 0 or unknown. */
export function formatSpread({ mean, deviation }: Spread, digits: number): string {
  return mean.toFixed(digits) + (deviation === null || deviation === 0 ? "" : ` ± ${deviation.toFixed(digits)}`);
}
