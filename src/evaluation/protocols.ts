/**
 * The ways to judge networks, by name.
 *
 * @module
 */

/** Ways to judge features; `masks` judges by the others what deciding image by image is worth. */
export const protocols = ["knn", "linear", "masks"] as const;
/** A protocol's name. */
export type Protocol = typeof protocols[number];

/** Ways to probe: on features that are computed once, or on those of other crops in each epoch. */
export const probes = ["cached", "augmented"] as const;
/** A probe's name. */
export type Probe = typeof probes[number];
