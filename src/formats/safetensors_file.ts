/**
 * Safetensors files on disk: whole or not there at all.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { InvalidInputError } from "../errors.ts";
import { FormatError } from "./format_error.ts";
import type { HostTensor } from "./host_tensor.ts";
import { decodeSafetensors, encodeSafetensors, type EncodingOptions, type SafetensorsContent } from "./safetensors.ts";
import { writeFileAtomically } from "./write_file.ts";

/**
 * Reads a safetensors file.
 *
 * @throws {InvalidInputError} Where the file cannot be read.
 * @throws {FormatError} Where its bytes are damaged; both messages begin with the path.
 */
export function readSafetensors(path: string): SafetensorsContent {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new InvalidInputError(`${path}: cannot be read (${reason}); give the path of a safetensors file`, { cause });
  }
  try {
    return decodeSafetensors(bytes);
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    throw new FormatError(`${path}: ${cause.message}; copy or write the file again`, { cause });
  }
}

/**
 * Writes a safetensors file through a temporary one beside it, so that a crash leaves the old file or the new one.
 *
 * @throws {ShapeError} As {@linkcode encodeSafetensors}, before anything is written.
 * @throws The file system's error where writing fails; no temporary file stays.
 */
export function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, HostTensor>,
  metadata: Readonly<Record<string, string>> = {},
  options: EncodingOptions = {},
): void {
  writeFileAtomically(path, encodeSafetensors(tensors, metadata, options));
}
