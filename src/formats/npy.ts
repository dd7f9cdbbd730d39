/**
 * Reads and writes NumPy's array files, `.npy` version 1.0, which `numpy.load` reads.
 *
 * @module
 */
import { ShapeError } from "../errors.ts";
import { FormatError } from "./format_error.ts";

/** Values of the supported element types: f32, i32 and u8. */
export type NpyData = Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>;

/** An array with its shape. */
export interface NpyArray {
  /** Sizes of the axes, the last varying fastest; empty for a scalar. */
  readonly shape: readonly number[];
  /** Elements in row-major order. */
  readonly data: NpyData;
}

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
/** Magic, version and the length of the header. */
const PREFIX_BYTES = 10;
/** The data begin at a multiple of this many bytes, so that a file can be mapped into memory. */
const ALIGNMENT = 64;
const LARGEST_HEADER = 0xffff;

/** The element types by their NumPy names, little-endian. */
const kinds = {
  "<f4": { bytes: 4, read: (buffer: ArrayBuffer) => new Float32Array(buffer) },
  "<i4": { bytes: 4, read: (buffer: ArrayBuffer) => new Int32Array(buffer) },
  "|u1": { bytes: 1, read: (buffer: ArrayBuffer) => new Uint8Array(buffer) },
} as const;

type Descriptor = keyof typeof kinds;

function descriptorOf(data: NpyData): Descriptor {
  if (data instanceof Float32Array) return "<f4";
  return data instanceof Int32Array ? "<i4" : "|u1";
}

function elements(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/**
 * Encodes an array of f32, i32 or u8 as the bytes of a file: row-major, little-endian.
 *
 * @see https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 * @throws {ShapeError} if the number of elements does not match the shape.
 */
export function encodeNpy({ shape, data }: NpyArray): Uint8Array<ArrayBuffer> {
  if (!shape.every((size) => Number.isSafeInteger(size) && size >= 0) || elements(shape) !== data.length) {
    throw new ShapeError(`npy: ${data.length} values do not fill shape [${shape}]`);
  }
  // Python writes a tuple of one element with a trailing comma.
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const words = `{'descr': '${descriptorOf(data)}', 'fortran_order': False, 'shape': (${tuple}), }`;
  const length = Math.ceil((PREFIX_BYTES + words.length + 1) / ALIGNMENT) * ALIGNMENT - PREFIX_BYTES;
  if (length > LARGEST_HEADER) throw new ShapeError(`npy: a shape of ${shape.length} axes does not fit the header`);
  const bytes = new Uint8Array(PREFIX_BYTES + length + data.byteLength);
  bytes.set([...magic, 1, 0, length & 0xff, length >> 8]);
  bytes.set(new TextEncoder().encode(`${words.padEnd(length - 1)}\n`), PREFIX_BYTES);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), PREFIX_BYTES + length);
  return bytes;
}

function damaged(finding: string): FormatError {
  return new FormatError(`npy: ${finding}`);
}

/** An entry of the header, which is the text of a Python dictionary. */
function entry(header: string, name: string, value: RegExp): string {
  const found = new RegExp(`'${name}': *${value.source}`).exec(header)?.[1];
  if (found === undefined) throw damaged(`the header has no usable '${name}': ${header.trim().slice(0, 100)}`);
  return found;
}

/**
 * Decodes a file of version 1.0 with elements of f32, i32 or u8, row-major, little-endian.
 *
 * @throws {FormatError} if the bytes are anything else.
 */
export function decodeNpy(bytes: Uint8Array): NpyArray {
  if (!magic.every((byte, index) => bytes[index] === byte)) throw damaged("the file does not begin with \\x93NUMPY");
  if (bytes[6] !== 1 || bytes[7] !== 0) throw damaged(`version ${bytes[6]}.${bytes[7]} is not 1.0`);
  const begin = PREFIX_BYTES + (bytes[8] ?? 0) + ((bytes[9] ?? 0) << 8);
  if (begin > bytes.length) throw damaged(`a header of ${begin} bytes in a file of ${bytes.length}`);
  const header = new TextDecoder().decode(bytes.subarray(PREFIX_BYTES, begin));
  const descriptor = entry(header, "descr", /'([^']*)'/);
  const kind = Object.hasOwn(kinds, descriptor) ? kinds[descriptor as Descriptor] : undefined;
  if (kind === undefined) throw damaged(`elements are ${descriptor}, not ${Object.keys(kinds).join(", ")}`);
  if (entry(header, "fortran_order", /(True|False)/) === "True") throw damaged("the order is column by column");
  const sizes = entry(header, "shape", /\(([\d, ]*)\)/).split(",").map((size) => size.trim());
  const shape = sizes.filter((size) => size !== "").map(Number);
  const wanted = elements(shape) * kind.bytes;
  if (bytes.length - begin !== wanted) {
    throw damaged(`${bytes.length - begin} bytes of data, but shape (${shape}) needs ${wanted}`);
  }
  // Not bytes.slice: on Node's Buffer it returns a view, whose `buffer` is the whole file.
  return { shape, data: kind.read(new Uint8Array(bytes.subarray(begin)).buffer) };
}
