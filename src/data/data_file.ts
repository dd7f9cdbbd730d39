/**
 * Reading the files of a data set whole.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { InvalidInputError } from "../errors.ts";

/**
 * The bytes of a file.
 *
 * @throws {InvalidInputError} where it may not be read, or cannot.
 */
export function readDataFile(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new InvalidInputError(`${path} cannot be read (${cause}): see to its permissions, or give another file`, {
      cause: error,
    });
  }
}
