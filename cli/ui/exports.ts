/**
 * Words for exported files.
 *
 * @module
 */
import type { GoldenDifference } from "../../src/encoders/golden_image.ts";

/** How features compare with others, as a part of a sentence. */
export function describeDifference({ largestDifference, largestFeature }: GoldenDifference): string {
  if (largestDifference === 0) return "bit-equal to";
  return `within ${largestDifference.toPrecision(2)} (of ${largestFeature.toPrecision(3)}, the largest) of`;
}
