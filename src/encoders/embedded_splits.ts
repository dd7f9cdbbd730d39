/**
 * The sets of a data set whose features are asked for by name.
 *
 * @module
 */

/** Splits of a run's own data set. */
export const embeddedSplits = ["train", "test"] as const;
/** A split's name. */
export type EmbeddedSplit = typeof embeddedSplits[number];
