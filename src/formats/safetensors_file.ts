/**
 * Reads and writes safetensors files on disk. Writing is atomic.
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

/** Adds the file's path and a remedy to an error of reading it. */
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
 * @throws {FormatError} If the file is damaged. Both messages begin with the path.
 */
export function readSafetensors(path: string, options: DecodingOptions = {}): SafetensorsContent {
  // Check the size against the header first, so that a huge sparse file is refused before it is read.
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
 * Reads the metadata of a safetensors file without its tensors. A truncated file is refused; changed values go
 * unnoticed.
 *
 * @throws {InvalidInputError} If the file cannot be read.
 * @throws {FormatError} If the header is damaged or the size does not match it. Both messages begin with the path.
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
 * Writes a safetensors file through a temporary file beside it, so that a crash leaves the old file or the new one.
 *
 * @throws {ShapeError} If {@linkcode encodeSafetensors} refuses a tensor; nothing is written then.
 * @throws {StorageError} If there is no space or no permission; no temporary file stays behind.
 */
export function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, HostTensor>,
  metadata: Readonly<Record<string, string>> = {},
  options: EncodingOptions = {},
): void {
  writeFileAtomically(path, encodeSafetensors(tensors, metadata, options));
}
