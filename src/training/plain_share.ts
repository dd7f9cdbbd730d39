/**
 * What the gated encoder costs on training images as they are evaluated.
 *
 * @module
 */
import { costShare, openness } from "../budget/mod.ts";
import type { EvaluationImages } from "../data/mod.ts";
import { Scope } from "../tensor/mod.ts";
import { downloadScalars, type PendingScalars } from "./pending_scalars.ts";
import type { Trainee } from "./trainee.ts";

/** Images that are looked at each time: another part of the set each time. */
const IMAGES = 250;

/**
 * The share of the dense network's cost, on its way to the host: of the n-th part of the images: plain, without noise, by running statistics.
 *
 * @param turn how often it was asked before.
 */
export function plainShare({ network, cost }: Trainee, images: EvaluationImages, turn: number): PendingScalars {
  using _scope = new Scope();
  const count = Math.min(IMAGES, images.set.count);
  const parts = Math.floor(images.set.count / count);
  const from = turn % parts * count;
  const { masks } = network.encoderOf("gated").evaluate("gated", images.normalised(from, from + count));
  return downloadScalars(new Map([["share", costShare(null, openness(null, masks, cost).terms, cost)]]));
}
