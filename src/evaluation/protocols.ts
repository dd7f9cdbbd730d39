/**
 * The names of evaluation protocols and of kinds of linear probes.
 *
 * @module
 */

/**
 * Evaluation protocols. `masks` applies the other two under different masks, to show what it is worth to decide for
 * each image.
 */
export const protocols = ["knn", "linear", "masks"] as const;
/** The name of a protocol. */
export type Protocol = typeof protocols[number];

/** Kinds of linear probes: on features that are computed once, or on features of new crops in each epoch. */
export const probes = ["cached", "augmented"] as const;
/** The name of a kind of linear probe. */
export type Probe = typeof probes[number];
