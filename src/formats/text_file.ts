/**
 * Reads text files that a damaged disk or another program may have made anything of.
 *
 * @module
 */
import { readFileSync, statSync } from "node:fs";
import { InvalidInputError } from "../errors.ts";

/** No configuration, plan or evaluation comes near it; texts of more than 512 MiB cannot be held at all. */
const LARGEST = 256 << 20;

/**
 * The text of a file that is there.
 *
 * @param remedy what to do if it is too large.
 * @throws {InvalidInputError} if the file is larger than 256 MiB.
 */
export function readTextFile(path: string, remedy: string): string {
  const { size } = statSync(path);
  if (size > LARGEST) {
    throw new InvalidInputError(`${path}: has ${size} bytes, more than any that sluice writes; ${remedy}`);
  }
  return readFileSync(path, "utf8");
}
