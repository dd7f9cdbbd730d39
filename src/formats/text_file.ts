/**
 * Reads text files that may be damaged or written by another program.
 *
 * @module
 */
import { readFileSync, statSync } from "node:fs";
import { InvalidInputError } from "../errors.ts";

/** Largest file in bytes, far above any that sluice writes. JavaScript strings end at 512 MiB. */
const LARGEST = 256 << 20;

/**
 * Reads a text file that exists.
 *
 * @param remedy what to do if the file is too large, for the message.
 * @throws {InvalidInputError} if the file is larger than 256 MiB.
 */
export function readTextFile(path: string, remedy: string): string {
  const { size } = statSync(path);
  if (size > LARGEST) {
    throw new InvalidInputError(`${path}: has ${size} bytes, more than any file that sluice writes; ${remedy}`);
  }
  return readFileSync(path, "utf8");
}
