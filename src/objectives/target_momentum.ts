/**
 * How fast a momentum target follows over a run.
 *
 * @module
 */

/**
 * m = 1 - (1 - base) (cos(pi k) + 1) / 2: from `base` at the run's start to 1, a target that stands still, at its end.
 * (Grill et al. 2020, section 3.2)
 *
 * @param base in 0..1.
 * @param progress k, the share of the run's steps that are done, in 0..1.
 */
export function cosineMomentum(base: number, progress: number): number {
  return 1 - (1 - base) * (Math.cos(Math.PI * progress) + 1) / 2;
}
