/**
 * How many images of a split to take.
 *
 * @module
 */

import { InvalidInputError } from "../errors.ts";

/**
 * The number of images that was asked for, or `available` where none was.
 *
 * @param option The option's name for people, `train-images` for one.
 * @param asked Undefined: all.
 * @param available The most there are.
 * @throws {InvalidInputError} Where it is not a whole number from 1 to `available`.
 */
export function imageCount(option: string, asked: number | undefined, available: number): number {
  if (asked === undefined) return available;
  if (!Number.isInteger(asked) || asked < 1 || asked > available) {
    throw new InvalidInputError(`${option} ${asked} is out of range: give a whole number from 1 to ${available}`);
  }
  return asked;
}
