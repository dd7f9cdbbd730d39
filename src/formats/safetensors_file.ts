/**
 * Safetensors files on disk: whole or not there at all.
 *
 * @module
 */

import { closeSync, fstatSync, openSync, readFileSync, readSync } from "node:fs";
import { InvalidInputError } from "../errors.ts";
import { FormatError } from "./format_error.ts";
import type { HostTensor } from "./host_tensor.ts";
import {
  decodeMetadata,
  decodeSafetensors,
  type DecodingOptions,
  encodeSafetensors,
  type EncodingOptions,
  headerLengthOf,
  LENGTH_BYTES,
  type SafetensorsContent,
} from "./safetensors.ts";
import { reasonOf } from "./system_errors.ts";
import { writeFileAtomically } from "./write_file.ts";

/** Gives an error of reading a file the file's path and a remedy. */
function readingError(path: string, cause: unknown): InvalidInputError {
  if (cause instanceof FormatError) {
    return new FormatError(`${path}: ${cause.message}; copy or write the file again`, { cause });
  }
  const reason = reasonOf(cause);
  return new InvalidInputError(`${path}: cannot be read (${reason}); give the path of a safetensors file`, { cause });
}

/**
 * Reads a safetensors file.
 *
 * @throws {InvalidInputError} If the file cannot be read.
 * @throws {FormatError} If its bytes are damaged; both messages begin with the path.
 */
export function readSafetensors(path: string, options: DecodingOptions = {}): SafetensorsContent {
  // A file of another size than its header says, a terabyte with a hole for one, is refused before it is read.
  readSafetensorsMetadata(path, options);
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    throw readingError(path, cause);
  }
  try {
    return decodeSafetensors(bytes, options);
  } catch (cause) {
    throw cause instanceof FormatError ? readingError(path, cause) : cause;
  }
}

/**
 * Reads the metadata of a safetensors file, and of the rest only the size: a file that was cut short is refused, one whose numbers have
 * changed is not.
 *
 * @throws {InvalidInputError} If the file cannot be read.
 * @throws {FormatError} If its header is damaged or its size is another; both messages begin with the path.
 */
export function readSafetensorsMetadata(path: string, options: DecodingOptions = {}): Record<string, string> {
  try {
    const file = openSync(path, "r");
    try {
      const { size } = fstatSync(file);
      const read = (length: number, position: number) => {
        const bytes = new Uint8Array(length);
        return bytes.subarray(0, readSync(file, bytes, 0, length, position));
      };
      const header = read(headerLengthOf(read(LENGTH_BYTES, 0), size), LENGTH_BYTES);
      return decodeMetadata(header, size, options);
    } finally {
      closeSync(file);
    }
  } catch (cause) {
    throw readingError(path, cause);
  }
}

/**
 * Writes a safetensors file through a temporary one beside it, so that a crash leaves the old file or the new one.
 *
 * @throws {ShapeError} As {@linkcode encodeSafetensors}, before anything is written.
 * @throws {StorageError} If there is no room or no permission; no temporary file stays.
 */
export function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, HostTensor>,
  metadata: Readonly<Record<string, string>> = {},
  options: EncodingOptions = {},
): void {
  writeFileAtomically(path, encodeSafetensors(tensors, metadata, options));
}
