/**
 * A bounded sample of a set's images, for estimates that do not need all of them.
 *
 * @module
 */
import type { ImageRun } from "../data/mod.ts";
import { ENCODED_BATCH } from "./features.ts";

/** The most images of a sample unless the caller gives another number. */
export const SAMPLED_IMAGES = 5000;
/** Neighbouring images that are read at a time. */
const RUN_IMAGES = 5;

/**
 * Divides a sample of a set into batches of at most 250 images and nearly equal sizes.
 *
 * A set of up to `limit` images is taken whole. A larger set is divided into equal parts, of which each gives its first
 * five images. Every batch spreads over the whole set, because a set may be sorted by class and norms must not see one
 * class at a time. The sample depends on `count` and `limit` alone.
 *
 * @param count images of the set.
 * @param limit the most images of the sample, rounded up to a multiple of five.
 */
export function sampleBatches(count: number, limit: number = SAMPLED_IMAGES): readonly (readonly ImageRun[])[] {
  const parts = Math.ceil(Math.min(count, limit) / RUN_IMAGES);
  const batches = Math.ceil(parts * RUN_IMAGES / ENCODED_BATCH);
  const sample: ImageRun[][] = Array.from({ length: batches }, () => []);
  for (let part = 0; part < parts; part++) {
    const [from, end] = [Math.floor(part * count / parts), Math.floor((part + 1) * count / parts)];
    sample[part % batches]?.push([from, Math.min(end, from + RUN_IMAGES)]);
  }
  return sample;
}
