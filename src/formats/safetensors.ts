/**
 * The safetensors format: named tensors after a JSON header. Reading checks every field and trusts none.
 *
 * Layout: uint64 length of the header, the header (a JSON object of `name -> {dtype, shape, data_offsets}` with an
 * optional `__metadata__` of strings), then the tensors' values, little-endian, without gaps.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { MisuseError, ShapeError } from "../errors.ts";
import { FormatError } from "./format_error.ts";
import { type HostDtype, hostDtypeBytes, type HostTensor, hostTensorOf } from "./host_tensor.ts";
import { parseStrictJson } from "./strict_json.ts";

/** The contents of a safetensors file. */
export interface SafetensorsContent {
  /** The tensors by name, in the order of the header. */
  readonly tensors: Map<string, HostTensor>;
  /** The header's `__metadata__`; empty if there is none. */
  readonly metadata: Record<string, string>;
}

/** Options for writing a file. */
export interface EncodingOptions {
  /**
   * Whether to add a checksum to the metadata as `sha256`, which reading verifies; false by default. It covers the
   * header and the values, with 64 zeros in place of the checksum itself.
   */
  readonly checksum?: boolean;
}

/** Options for reading a file. */
export interface DecodingOptions {
  /** Whether to refuse a file without a checksum; false by default, since files of other programs have none. */
  readonly checksum?: boolean;
}

/** Size of the field at the beginning of a file that holds the length of its header. */
export const LENGTH_BYTES = 8;
const METADATA_KEY = "__metadata__";
/** The metadata key of the file's checksum; files of other programs have none. */
const CHECKSUM_KEY = "sha256";
/** Stands in place of the checksum while it is computed. */
const NO_CHECKSUM = "0".repeat(64);
/** Largest header in bytes, the limit of the format's reference implementation. */
const HEADER_LIMIT = 100_000_000;

const dtypeOfName: ReadonlyMap<string, HostDtype> = new Map<string, HostDtype>([
  ["F32", "f32"],
  ["F64", "f64"],
  ["BF16", "bf16"],
  ["U8", "u8"],
  ["I32", "i32"],
]);
const nameOfDtype: Readonly<Record<HostDtype, string>> = { f32: "F32", f64: "F64", bf16: "BF16", u8: "U8", i32: "I32" };

interface Entry {
  readonly name: string;
  readonly dtype: HostDtype;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/**
 * Encodes tensors as the bytes of a safetensors file. The same content gives the same bytes in whatever order the map
 * holds it: header keys are sorted, and values are stored by falling element size and then by name, beginning at a
 * multiple of 8 bytes, so that every tensor is aligned.
 *
 * @throws {ShapeError} if a tensor's data does not have the number of elements of its shape.
 * @throws {MisuseError} if a tensor is named `__metadata__`.
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, HostTensor>,
  metadata: Readonly<Record<string, string>> = {},
  options: EncodingOptions = {},
): Uint8Array {
  const byName = (a: [string, unknown], b: [string, unknown]) => (a[0] < b[0] ? -1 : 1);
  const named = [...tensors].sort(byName);
  const stored = named.toSorted((a, b) => hostDtypeBytes[b[1].dtype] - hostDtypeBytes[a[1].dtype]);
  const offsets = new Map<string, number>();
  let size = 0;
  for (const [name, tensor] of stored) {
    requireFittingData(name, tensor);
    offsets.set(name, size);
    size += tensor.data.byteLength;
  }
  const fields = named.map(([name, { dtype, shape, data }]) => {
    const begin = offsets.get(name) ?? 0;
    const entry = { dtype: nameOfDtype[dtype], shape, data_offsets: [begin, begin + data.byteLength] };
    return `${JSON.stringify(name)}:${JSON.stringify(entry)}`;
  });
  const stated = options.checksum === true ? { ...metadata, [CHECKSUM_KEY]: NO_CHECKSUM } : metadata;
  const notes = Object.entries(stated).sort(byName).map(([key, value]) =>
    `${JSON.stringify(key)}:${JSON.stringify(value)}`
  );
  if (notes.length > 0) fields.unshift(`"${METADATA_KEY}":{${notes.join(",")}}`);
  const text = `{${fields.join(",")}}`;
  const header = new TextEncoder().encode(text);
  const headerLength = Math.ceil(header.length / 8) * 8;
  const bytes = new Uint8Array(LENGTH_BYTES + headerLength + size);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerLength), true);
  bytes.fill(0x20, LENGTH_BYTES, LENGTH_BYTES + headerLength); // the format pads with spaces
  bytes.set(header, LENGTH_BYTES);
  for (const [name, { data }] of stored) {
    const start = LENGTH_BYTES + headerLength + (offsets.get(name) ?? 0);
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), start);
  }
  if (options.checksum === true) {
    const checksum = createHash("sha256").update(bytes.subarray(LENGTH_BYTES)).digest("hex");
    bytes.set(new TextEncoder().encode(withChecksum(text, NO_CHECKSUM, checksum)), LENGTH_BYTES);
  }
  return bytes;
}

/** Replaces the checksum `present` in a header; leaves the header unchanged if it does not contain `present`. */
function withChecksum(header: string, present: string, checksum: string): string {
  return header.replace(`"${CHECKSUM_KEY}":"${present}"`, `"${CHECKSUM_KEY}":"${checksum}"`);
}

/**
 * Decodes the bytes of a safetensors file. The tensors hold copies.
 *
 * @throws {FormatError} If the bytes are not a valid file: the header is truncated, too long or not strict JSON, a
 * field has the wrong type, an element type is unsupported (I64, F16, ...), shape and offsets disagree, tensors
 * overlap, leave gaps or reach beyond the end, or the checksum is wrong, or missing although it is required.
 */
export function decodeSafetensors(bytes: Uint8Array, options: DecodingOptions = {}): SafetensorsContent {
  const headerEnd = LENGTH_BYTES + headerLengthOf(bytes, bytes.length);
  const header = bytes.subarray(LENGTH_BYTES, headerEnd);
  const data = bytes.subarray(headerEnd);
  const { entries, metadata } = readHeader(header, data.length, options);
  requireChecksum(metadata[CHECKSUM_KEY], header, data);
  const tensors = new Map<string, HostTensor>();
  for (const { name, dtype, shape, begin, end } of entries) {
    tensors.set(name, hostTensorOf(dtype, shape, data.subarray(begin, end)));
  }
  return { tensors, metadata };
}

/**
 * Decodes the metadata from the header alone.
 *
 * @param header the {@linkcode headerLengthOf} bytes that follow the first {@linkcode LENGTH_BYTES} bytes.
 * @param size the size of the whole file in bytes.
 * @throws {FormatError} If the header is invalid, see {@linkcode decodeSafetensors}, or does not describe a file of
 * this size. Neither values nor checksum are checked.
 */
export function decodeMetadata(
  header: Uint8Array,
  size: number,
  options: DecodingOptions = {},
): Record<string, string> {
  return readHeader(header, size - LENGTH_BYTES - header.length, options).metadata;
}

/** Parses a header and checks that its tensors fill `size` bytes of values exactly. */
function readHeader(
  bytes: Uint8Array,
  size: number,
  { checksum = false }: DecodingOptions,
): { readonly entries: Entry[]; readonly metadata: Record<string, string> } {
  const entries: Entry[] = [];
  let metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(parseHeader(bytes))) {
    if (name === METADATA_KEY) metadata = metadataOf(value);
    else entries.push(entryOf(name, value));
  }
  requireCompleteCover(entries, size);
  if (checksum && metadata[CHECKSUM_KEY] === undefined) fail(`it states no checksum (${CHECKSUM_KEY})`);
  return { entries, metadata };
}

function requireChecksum(stated: string | undefined, header: Uint8Array, data: Uint8Array): void {
  if (stated === undefined) return;
  const blank = withChecksum(new TextDecoder().decode(header), stated, NO_CHECKSUM);
  const found = createHash("sha256").update(new TextEncoder().encode(blank)).update(data).digest("hex");
  if (found !== stated) fail(`its checksum is ${found}, not ${oneLine(stated)} (damaged?)`);
}

function requireFittingData(name: string, { dtype, shape, data }: HostTensor): void {
  if (name === METADATA_KEY) throw new MisuseError(`a tensor of a safetensors file cannot be named ${METADATA_KEY}`);
  const elements = shape.reduce((product, extent) => product * extent, 1);
  if (data.length !== elements) {
    throw new ShapeError(
      `tensor "${name}" (${dtype}) holds ${data.length} elements, its shape [${shape}] needs ${elements}`,
    );
  }
}

function fail(finding: string): never {
  throw new FormatError(`not a valid safetensors file: ${finding}`);
}

/**
 * Reads the length of the header, in bytes, from the file's first {@linkcode LENGTH_BYTES} bytes.
 *
 * @param size the size of the whole file in bytes.
 * @throws {FormatError} If the file is shorter than the header, or the header is longer than the format allows.
 */
export function headerLengthOf(bytes: Uint8Array, size: number): number {
  if (size < LENGTH_BYTES) fail(`${size} bytes are too few for the header's length`);
  const length = new DataView(bytes.buffer, bytes.byteOffset, LENGTH_BYTES).getBigUint64(0, true);
  if (length > BigInt(HEADER_LIMIT)) fail(`header of ${length} bytes, the limit is ${HEADER_LIMIT}`);
  if (length > BigInt(size - LENGTH_BYTES)) {
    fail(`header of ${length} bytes, only ${size - LENGTH_BYTES} follow (truncated?)`);
  }
  return Number(length);
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  let header: unknown;
  try {
    header = parseStrictJson(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (cause) {
    if (!(cause instanceof SyntaxError || cause instanceof TypeError)) throw cause;
    throw new FormatError(`not a valid safetensors file: header is not valid JSON (${oneLine(cause.message)})`, {
      cause,
    });
  }
  if (!isObject(header)) fail("header is not a JSON object");
  return header;
}

function metadataOf(value: unknown): Record<string, string> {
  if (!isObject(value)) fail(`${METADATA_KEY} is not an object`);
  const pairs = Object.entries(value).map(([key, text]): [string, string] => {
    if (typeof text !== "string") fail(`${METADATA_KEY} entry ${quote(key)} is not a string`);
    return [key, text];
  });
  return Object.fromEntries(pairs);
}

function entryOf(name: string, value: unknown): Entry {
  const label = `tensor ${quote(name)}`;
  if (!isObject(value)) fail(`${label} is not described by an object`);
  const unknown = Object.keys(value).find((key) => !["dtype", "shape", "data_offsets"].includes(key));
  if (unknown !== undefined) fail(`${label} has an unknown field ${quote(unknown)}`);
  const { dtype: dtypeName, shape, data_offsets: offsets } = value;
  if (typeof dtypeName !== "string") fail(`${label} has no dtype`);
  const dtype = dtypeOfName.get(dtypeName);
  if (dtype === undefined) {
    fail(`${label} has dtype ${quote(dtypeName)}; sluice reads only ${[...dtypeOfName.keys()].join(", ")}`);
  }
  if (!isSizes(shape)) fail(`${label} has a shape that is not a list of whole numbers from 0`);
  if (!isSizes(offsets) || offsets.length !== 2) {
    fail(`${label} has data_offsets that are not two whole numbers from 0`);
  }
  const [begin = 0, end = 0] = offsets;
  if (end < begin) fail(`${label} ends at byte ${end}, before it begins at ${begin}`);
  const needed = bytesOf(shape, hostDtypeBytes[dtype]);
  if (needed !== end - begin) {
    fail(
      `${label} of shape [${oneLine(shape.join(","))}] in ${dtypeName} needs ${needed} bytes, its offsets span ${
        end - begin
      }`,
    );
  }
  return { name, dtype, shape, begin, end };
}

/** The number of bytes of a shape; Infinity above 2^53, where the product is inexact and no offsets can match it. */
function bytesOf(shape: readonly number[], elementBytes: number): number {
  if (shape.includes(0)) return 0;
  const bytes = shape.reduce((product, extent) => product * extent, elementBytes);
  return Number.isSafeInteger(bytes) ? bytes : Infinity;
}

function requireCompleteCover(entries: readonly Entry[], size: number): void {
  let covered = 0;
  for (const { name, begin, end } of entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    const label = `tensor ${quote(name)}`;
    if (end > size) fail(`${label} ends at byte ${end} of ${size} (truncated?)`);
    if (begin < covered) fail(`${label} begins at byte ${begin} and overlaps another tensor, which ends at ${covered}`);
    if (begin > covered) fail(`bytes ${covered} to ${begin}, before ${label}, belong to no tensor`);
    covered = end;
  }
  if (covered !== size) fail(`the last ${size - covered} bytes belong to no tensor`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((entry) => Number.isSafeInteger(entry) && entry >= 0);
}

/** Quotes a name for a one-line message: names in a damaged file may be long or contain line breaks. */
function quote(name: string): string {
  return oneLine(JSON.stringify(name));
}

function oneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, " ");
  return line.length > 120 ? `${line.slice(0, 117)}...` : line;
}
