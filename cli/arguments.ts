/**
 * The words of the command line as the system passed them.
 *
 * @module
 */
import { InvalidInputError } from "../src/errors.ts";

/** What stands in the place of bytes that are not UTF-8. */
const REPLACEMENT = "\ufffd";

/**
 * Refuses a word that was not UTF-8: a file or folder of the name that it has become is another one.
 *
 * @throws {InvalidInputError} naming the word.
 */
export function checkEncoding(words: readonly string[]): void {
  const garbled = words.find((word) => word.includes(REPLACEMENT));
  if (garbled !== undefined) {
    throw new InvalidInputError(`${garbled}: is not UTF-8; rename the file or folder, or give another path`);
  }
}
