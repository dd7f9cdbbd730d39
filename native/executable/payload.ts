/**
 * Writes the single-file executable: the launcher, the packed files, and their index.
 *
 * @module
 */

import { createHash, type Hash } from "node:crypto";
import { constants, zstdCompressSync } from "node:zlib";

/** A file that the executable unpacks. */
export interface PayloadFile {
  /** Path of the file to pack. */
  readonly source: string;
  /** Path to unpack it to, relative to the executable's folder. */
  readonly path: string;
  /** Whether it is a program, which gets the mode 0755. */
  readonly executable: boolean;
}

/** The contents of the executable. */
export interface Payload {
  /** The version of the software. */
  readonly version: string;
  /** The path of the file that the launcher starts. */
  readonly program: string;
  /**
   * Arguments to place before the user's. `{folder}` stands for the folder of the unpacked files, `{executable}` for
   * the executable itself.
   */
  readonly arguments: readonly string[];
  /** The files, in the order in which they are packed. */
  readonly files: readonly PayloadFile[];
}

// Must match native/executable/launcher/payload.cpp.
const magic = "sluice-payload-1";
const hexadecimal = (number: number) => number.toString(16).padStart(16, "0");

/** BLAKE2b-512, which is libsodium's generic hash at full length. */
function newDigest(): Hash {
  return createHash("blake2b512");
}

/** A line of the index. Replaces newlines in fields, which would end it early. */
function line(...fields: readonly (string | number)[]): string {
  return `${fields.join(" ").replaceAll("\n", " ")}\n`;
}

/**
 * Writes the executable.
 *
 * @param launcher the path of the launcher.
 * @param level zstd's compression level, 1 to 22. Higher levels give smaller files and take longer to write, but not
 * to unpack.
 */
export function writeExecutable(path: string, launcher: string, payload: Payload, level: number): void {
  using file = Deno.openSync(path, { write: true, createNew: true, mode: 0o755 });
  let offset = 0;
  const write = (bytes: Uint8Array) => {
    for (let written = 0; written < bytes.length;) written += file.writeSync(bytes.subarray(written));
    offset += bytes.length;
  };
  write(Deno.readFileSync(launcher));
  let index = line("version", payload.version) + line("program", payload.program);
  for (const argument of payload.arguments) index += line("argument", argument);
  for (const { source, path, executable } of payload.files) {
    const bytes = Deno.readFileSync(source);
    const packed = zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: level } });
    const mode = executable ? "755" : "644";
    index += line("file", offset, packed.length, bytes.length, mode, newDigest().update(bytes).digest("hex"), path);
    write(packed);
  }
  const [start, bytes] = [offset, new TextEncoder().encode(index)];
  write(bytes);
  const digest = newDigest().update(bytes).digest("hex");
  write(new TextEncoder().encode(magic + hexadecimal(start) + hexadecimal(bytes.length) + digest));
}
