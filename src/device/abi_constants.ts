/**
 * The constants and structs of the native interface, under the names of native/include/sluice.h; a test compares the
 * two in both directions.
 *
 * @module
 */

/** Every `#define SL_...` of the header that has a value. */
export const constants = {
  SL_ABI_VERSION: 4,

  SL_OK: 0,
  SL_ERROR_INVALID_ARGUMENT: 1,
  SL_ERROR_OUT_OF_MEMORY: 2,
  SL_ERROR_UNSUPPORTED: 3,
  SL_ERROR_BACKEND: 4,

  SL_F32: 0,
  SL_BF16: 1,
  SL_U8: 2,
  SL_I32: 3,

  SL_UNARY_RELU: 0,
  SL_UNARY_SQUARE: 1,
  SL_UNARY_SQRT: 2,
  SL_UNARY_EXP: 3,
  SL_UNARY_LOG: 4,

  SL_BINARY_ADD: 0,
  SL_BINARY_SUBTRACT: 1,
  SL_BINARY_MULTIPLY: 2,
  SL_BINARY_DIVIDE: 3,

  SL_BROADCAST_NONE: 0,
  SL_BROADCAST_ROW: 1,
  SL_BROADCAST_COLUMN: 2,
  SL_BROADCAST_SCALAR: 3,

  SL_AXIS_ROWS: 0,
  SL_AXIS_COLUMNS: 1,
  SL_AXIS_ALL: 2,

  SL_CONV_FORWARD: 0,
  SL_CONV_BACKWARD_DATA: 1,

  SL_GATED_MOST_CONVOLUTIONS: 8,
  SL_GATED_MASK: 0,
  SL_GATED_PACKED: 1,
  SL_GATED_SCALE: 2,
  SL_GATED_SHIFT: 3,
  SL_GATED_COLUMNS: 4,

  SL_AUGMENT_CROP_TOP: 0,
  SL_AUGMENT_CROP_LEFT: 1,
  SL_AUGMENT_CROP_HEIGHT: 2,
  SL_AUGMENT_CROP_WIDTH: 3,
  SL_AUGMENT_JITTER_ORDER: 4,
  SL_AUGMENT_BRIGHTNESS: 5,
  SL_AUGMENT_CONTRAST: 6,
  SL_AUGMENT_SATURATION: 7,
  SL_AUGMENT_HUE: 8,
  SL_AUGMENT_GRAYSCALE: 9,
  SL_AUGMENT_BLUR_SIGMA: 10,
  SL_AUGMENT_SOLARIZE: 11,
  SL_AUGMENT_FLIP: 12,
  SL_AUGMENT_COLUMNS: 13,

  SL_FRAME_TOP: 0,
  SL_FRAME_LEFT: 1,
  SL_FRAME_HEIGHT: 2,
  SL_FRAME_WIDTH: 3,
  SL_FRAME_RESIZED_HEIGHT: 4,
  SL_FRAME_RESIZED_WIDTH: 5,
  SL_FRAME_WINDOW_TOP: 6,
  SL_FRAME_WINDOW_LEFT: 7,
  SL_FRAME_COLUMNS: 8,
} as const;

/**
 * Every `typedef struct` of the header: the types of its fields in the header's order. An opaque handle has no fields.
 */
export const structs = {
  sl_context: {},
  sl_stream: {},
  sl_event: {},
  sl_graph: {},
  sl_reader: {},
  sl_conv_shape: {
    batch: "i32",
    height: "i32",
    width: "i32",
    in_channels: "i32",
    out_channels: "i32",
    kernel_height: "i32",
    kernel_width: "i32",
    stride: "i32",
    padding: "i32",
    dtype: "i32",
  },
  sl_gated_shape: {
    batch: "i32",
    height: "i32",
    width: "i32",
    in_channels: "i32",
    convolutions: "i32",
    dtype: "i32",
  },
  sl_gated_convolution: {
    kernel: "i32",
    stride: "i32",
    padding: "i32",
    outputs: "i32",
    group: "i32",
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, "i32">>>>;

/** The values of a struct's fields, by name. */
export type StructFields<Name extends keyof typeof structs> = Readonly<
  Record<keyof typeof structs[Name] & string, number>
>;

/** The names of each struct's fields in order, listed once: every convolution writes a struct. */
const fieldNames: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries(structs).map(([name, fields]) => [name, Object.keys(fields)]),
);

/** Writes a struct as native code reads it: its fields in the header's order, whatever their order in `fields`. */
export function structOf<Name extends keyof typeof structs>(
  name: Name,
  fields: StructFields<Name>,
): Int32Array<ArrayBuffer> {
  const values: Readonly<Record<string, number>> = fields;
  const names = fieldNames.get(name) ?? [];
  const struct = new Int32Array(names.length);
  for (let index = 0; index < names.length; index++) struct[index] = values[names[index] ?? ""] ?? 0;
  return struct;
}
