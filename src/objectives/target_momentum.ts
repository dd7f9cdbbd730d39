/**
 * The schedule of a momentum target.
 *
 * @module
 */

/**
 * m = 1 - (1 - base) (cos(pi k) + 1) / 2: from `base` at the run's start to 1 at its end, when the target stands still
 * (Grill et al. 2020, section 3.2).
 *
 * @param base in 0..1.
 * @param progress k, the share of the run's steps that are done, in 0..1.
 */
export function cosineMomentum(base: number, progress: number): number {
  return 1 - (1 - base) * (Math.cos(Math.PI * progress) + 1) / 2;
}
