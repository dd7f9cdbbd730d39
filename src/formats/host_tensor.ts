/**
 * Tensors in host memory, as file formats store them: element type, shape and values.
 *
 * @module
 */

/**
 * A tensor in host memory, row-major. bf16 is stored as the upper 16 bits of a float32. `shape` may be empty (a
 * scalar) and may contain zeros.
 */
export type HostTensor =
  | { readonly dtype: "f32"; readonly shape: readonly number[]; readonly data: Float32Array<ArrayBuffer> }
  | { readonly dtype: "f64"; readonly shape: readonly number[]; readonly data: Float64Array<ArrayBuffer> }
  | { readonly dtype: "bf16"; readonly shape: readonly number[]; readonly data: Uint16Array<ArrayBuffer> }
  | { readonly dtype: "u8"; readonly shape: readonly number[]; readonly data: Uint8Array<ArrayBuffer> }
  | { readonly dtype: "i32"; readonly shape: readonly number[]; readonly data: Int32Array<ArrayBuffer> };

/** The element types a {@linkcode HostTensor} may have. */
export type HostDtype = HostTensor["dtype"];

/** Bytes of one element. */
export const hostDtypeBytes: Readonly<Record<HostDtype, number>> = { f32: 4, f64: 8, bf16: 2, u8: 1, i32: 4 };

/**
 * Copies bytes (little-endian, of any alignment) into a tensor with its own memory.
 *
 * @param bytes Exactly as many bytes as the shape and dtype need.
 */
export function hostTensorOf(dtype: HostDtype, shape: readonly number[], bytes: Uint8Array): HostTensor {
  const copy = Uint8Array.from(bytes).buffer;
  switch (dtype) {
    case "f32":
      return { dtype, shape, data: new Float32Array(copy) };
    case "f64":
      return { dtype, shape, data: new Float64Array(copy) };
    case "bf16":
      return { dtype, shape, data: new Uint16Array(copy) };
    case "u8":
      return { dtype, shape, data: new Uint8Array(copy) };
    case "i32":
      return { dtype, shape, data: new Int32Array(copy) };
  }
}
