/**
 * Keeps text in PNG files: an iTXt chunk (ISO/IEC 15948), which viewers ignore.
 *
 * @module
 */
import { crc32 } from "node:zlib";
import { FormatError } from "./format_error.ts";

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
/** Bytes of a chunk's length, of its type and of its checksum. */
const [LENGTH, TYPE, CHECKSUM] = [4, 4, 4];
/** Between keyword and text: the keyword's end, two bytes of compression (none), no language, no translation. */
const HEAD = "\0\0\0\0\0";

/** A part of a PNG file. */
interface Chunk {
  readonly type: string;
  /** Where the chunk begins. */
  readonly at: number;
  readonly data: Uint8Array;
}

/** The chunks of a PNG file. @throws {FormatError} if the bytes are no PNG file, or a chunk is cut or damaged. */
function* chunksOf(png: Uint8Array): Generator<Chunk> {
  if (SIGNATURE.some((byte, place) => png[place] !== byte)) throw new FormatError("is not a PNG file");
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  for (let at = SIGNATURE.length; at < png.length;) {
    const body = at + LENGTH;
    if (body + TYPE > png.length) throw new FormatError("is truncated");
    const end = body + TYPE + view.getUint32(at);
    if (end + CHECKSUM > png.length) throw new FormatError("is truncated");
    if (crc32(png.subarray(body, end)) !== view.getUint32(end)) throw new FormatError("has a wrong checksum");
    const type = String.fromCharCode(...png.subarray(body, body + TYPE));
    yield { type, at, data: png.subarray(body + TYPE, end) };
    at = end + CHECKSUM;
  }
}

function encodeChunk(type: string, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(LENGTH + TYPE + data.length + CHECKSUM);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  bytes.set(new TextEncoder().encode(type), LENGTH);
  bytes.set(data, LENGTH + TYPE);
  const end = bytes.length - CHECKSUM;
  view.setUint32(end, crc32(bytes.subarray(LENGTH, end)));
  return bytes;
}

/**
 * Adds a text to a PNG file.
 *
 * @param keyword 1 to 79 letters of ASCII.
 * @throws {FormatError} if the bytes are no PNG file.
 */
export function withPngText(png: Uint8Array, keyword: string, text: string): Uint8Array<ArrayBuffer> {
  const end = [...chunksOf(png)].find(({ type }) => type === "IEND")?.at;
  if (end === undefined) throw new FormatError("is truncated");
  const chunk = encodeChunk("iTXt", new TextEncoder().encode(`${keyword}${HEAD}${text}`));
  const bytes = new Uint8Array(png.length + chunk.length);
  bytes.set(png.subarray(0, end));
  bytes.set(chunk, end);
  bytes.set(png.subarray(end), end + chunk.length);
  return bytes;
}

/**
 * Reads the text that {@linkcode withPngText} added under a keyword; null if there is none.
 *
 * @throws {FormatError} if the bytes are no PNG file, or the file is damaged.
 */
export function pngText(png: Uint8Array, keyword: string): string | null {
  let found: string | null = null;
  let isWhole = false;
  for (const { type, data } of chunksOf(png)) {
    isWhole = type === "IEND";
    if (type !== "iTXt") continue;
    const text = new TextDecoder().decode(data);
    if (text.startsWith(`${keyword}${HEAD}`)) found = text.slice(keyword.length + HEAD.length);
  }
  if (!isWhole) throw new FormatError("is truncated");
  return found;
}
