/**
 * The error for a file whose bytes do not follow its format.
 *
 * @module
 */

import { InvalidInputError } from "../errors.ts";

/** Thrown if a file is damaged or has another format. The message names the format, the position and the finding. */
export class FormatError extends InvalidInputError {
  /** The error's name, as messages print it. */
  override name = "FormatError";
}
