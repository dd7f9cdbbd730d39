/**
 * The names of evaluation protocols, of kinds of linear probes, and of ways to choose a static mask.
 *
 * @module
 */

/**
 * Evaluation protocols. `masks` repeats the other two under other masks, to show what it is worth that gates decide for
 * each image.
 */
export const protocols = ["knn", "linear", "masks"] as const;
/** The name of a protocol. */
export type Protocol = typeof protocols[number];

/** Kinds of linear probes: on features that are computed once, or on features of new crops in each epoch. */
export const probes = ["cached", "augmented"] as const;
/** The name of a kind of linear probe. */
export type Probe = typeof probes[number];

/** The names of the ways to choose a static mask, in a few words for people. */
export const staticWayNames = {
  /** Over all gates of the network, the channels that gates open most often. */
  mostOpen: "open most",
  /** Over all gates of the network, the channels that gates open most often for their cost. */
  mostOpenPerMac: "open most per MAC",
  /** For each gate, the channels that it opens most often, as many as it opens on average. */
  mostOpenByGate: "open most by gate",
  /** Over all gates of the network, the channels with the largest mean score of the oracle for their cost. */
  scorePerMac: "score per MAC",
} as const;
/** A way to choose a static mask. */
export type StaticWay = keyof typeof staticWayNames;
/** The ways in the order of reports. The first one chooses the mask to deploy. */
export const staticWays = [
  "mostOpen",
  "mostOpenPerMac",
  "mostOpenByGate",
  "scorePerMac",
] as const satisfies readonly StaticWay[];
/** The way that chooses the mask to deploy. */
export const deployedWay: StaticWay = staticWays[0];
