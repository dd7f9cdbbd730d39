/**
 * Checks how many images of a split to take.
 *
 * @module
 */

import { InvalidInputError } from "../errors.ts";

/**
 * The number of images to take: `asked`, or `available` by default.
 *
 * @param option The option's name for messages, such as `train-images`.
 * @param asked The number that the user gave, if any.
 * @param available The number of images in the split.
 * @throws {InvalidInputError} If `asked` is not a whole number from 1 to `available`.
 */
export function imageCount(option: string, asked: number | undefined, available: number): number {
  if (asked === undefined) return available;
  if (!Number.isInteger(asked) || asked < 1 || asked > available) {
    throw new InvalidInputError(`${option} ${asked} is out of range: give a whole number from 1 to ${available}`);
  }
  return asked;
}
