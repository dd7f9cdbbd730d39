/**
 * The names of the networks that a run gives.
 *
 * @module
 */
import type { Pass } from "./forward_context.ts";

/** The networks that a run gives: the encoders that it trains, and one cut out of the gated encoder. */
export const networkNames = ["dense", "gated", "slim"] as const;
/** The name of a network that a run gives. */
export type NetworkName = typeof networkNames[number];

/** The pass that computes a network: a slim network has no gates. */
export function passOf(network: NetworkName): Pass {
  return network === "gated" ? "gated" : "dense";
}
