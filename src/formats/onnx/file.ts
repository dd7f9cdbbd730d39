/**
 * Reads ONNX models from files.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { InvalidInputError } from "../../errors.ts";
import { FormatError } from "../format_error.ts";
import { reasonOf } from "../system_errors.ts";
import { decodeOnnx, type OnnxModel } from "./model.ts";

function readBytes(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new InvalidInputError(`${path}: cannot be read (${reasonOf(cause)}); give the path of an ONNX file`, {
      cause,
    });
  }
}

/**
 * Reads the model of a file.
 *
 * @throws {InvalidInputError} if the file cannot be read.
 * @throws {FormatError} if the file is damaged. Both messages begin with the path.
 */
export function readOnnx(path: string): OnnxModel {
  const bytes = readBytes(path);
  try {
    return decodeOnnx(bytes);
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    throw new FormatError(`${path}: ${cause.message}; copy or export the file again`, { cause });
  }
}
