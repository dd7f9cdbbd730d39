/**
 * How alike two sets of features of the same images are.
 *
 * @module
 */
import type { Tensor } from "../tensor/mod.ts";
import { nearestOthers } from "./neighbours.ts";

/** The mean over images of the cosine between both features. @param one f32 [N, F]. @param other f32 [N, F]. */
export function meanCosine(one: Tensor, other: Tensor): number {
  const [rows, columns] = [one.dim(0), one.dim(1)];
  const [left, right] = [one.toFloat32(), other.toFloat32()];
  let total = 0;
  for (let row = 0; row < rows; row++) {
    let [product, first, second] = [0, 0, 0];
    for (let at = row * columns; at < (row + 1) * columns; at++) {
      const [a, b] = [left[at] ?? 0, right[at] ?? 0];
      product += a * b;
      first += a * a;
      second += b * b;
    }
    total += first === 0 && second === 0 ? 1 : product / Math.max(Math.sqrt(first * second), Number.MIN_VALUE);
  }
  return total / rows;
}

/** Neighbours that are compared. */
const NEIGHBOURS = 10;

/** The nearest images of each image by cosine, without itself. */
function neighboursOf(features: Tensor, count: number): ReadonlySet<number>[] {
  const own = Int32Array.from({ length: features.dim(0) }, (_, image) => image);
  return nearestOthers(features, features, own, count).map((rows) => new Set(rows));
}

/**
 * The mean share of the ten nearest images by cosine that are the same by both features; of fewer if there are fewer.
 *
 * @param one f32 [N, F].
 * @param other f32 [N, F].
 */
export function neighbourOverlap(one: Tensor, other: Tensor): number {
  const count = Math.min(NEIGHBOURS, one.dim(0) - 1);
  if (count < 1) return 1;
  const [left, right] = [neighboursOf(one, count), neighboursOf(other, count)];
  const shared = left.map((own, image) => [...own].filter((row) => right[image]?.has(row)).length / count);
  return shared.reduce((sum, share) => sum + share, 0) / left.length;
}
