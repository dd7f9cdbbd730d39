/**
 * The error of a file whose bytes do not follow their format.
 *
 * @module
 */

import { InvalidInputError } from "../errors.ts";

/** A file is damaged or is not of the format it claims: the message names the format, the place and the finding. */
export class FormatError extends InvalidInputError {
  /** The error's kind. */
  override name = "FormatError";
}
