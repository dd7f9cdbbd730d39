/**
 * A residual block at inference that computes only the channels its masks open.
 *
 * @module
 */
import { addressOf, constants, type Device, structOf } from "../device/mod.ts";
import { ShapeError } from "../errors.ts";
import { Tensor } from "../tensor/mod.ts";
import { foldNorm } from "./batch_norm.ts";
import { convolvedSize } from "./conv2d.ts";
import { type ConvolutionOperands, type ConvolutionRow, maskedConvolutions } from "./masked_convolutions.ts";
import { expectF32, expectShape, imageShape } from "./shapes.ts";

const { SL_GATED_MASK, SL_GATED_PACKED, SL_GATED_SCALE, SL_GATED_SHIFT, SL_GATED_COLUMNS } = constants;

/** A shape and a table as native calls take them. */
interface NativeTable {
  /** One sl_gated_shape. */
  readonly shape: Int32Array<ArrayBuffer>;
  /** One sl_gated_convolution for each row of the table. */
  readonly rows: Int32Array<ArrayBuffer>;
}

function nativeTable(x: Tensor, table: readonly ConvolutionRow[]): NativeTable {
  const [batch, height, width, inChannels] = imageShape("gatedConvolutions", x);
  const rows = table.map(({ kernel, stride, padding, outChannels, masked }) =>
    structOf("sl_gated_convolution", { kernel, stride, padding, outputs: outChannels, masked: Number(masked) })
  );
  return {
    shape: structOf("sl_gated_shape", { batch, height, width, in_channels: inChannels, convolutions: table.length }),
    rows: Int32Array.from(rows.flatMap((row) => [...row])),
  };
}

const answers = new WeakMap<Device, Map<string, boolean>>();

/** Whether the device has kernels for a table: asked once for each table, since only the table decides. */
function isSupported(device: Device, { shape, rows }: NativeTable): boolean {
  const known = answers.get(device) ?? new Map<string, boolean>();
  answers.set(device, known);
  const key = rows.join();
  let supported = known.get(key);
  if (supported === undefined) {
    const answer = new Int32Array(1);
    device.kernels.sl_gated_supports(shape, rows, answer);
    supported = answer[0] === 1;
    known.set(key, supported);
  }
  return supported;
}

/** Demands the shapes that follow from the table, and returns the result's. */
function checkShapes(
  x: Tensor,
  table: readonly ConvolutionRow[],
  operands: readonly ConvolutionOperands[],
  residual: Tensor,
): readonly number[] {
  expectF32("gatedConvolutions", x, residual, ...operands.map(({ mask }) => mask ?? null));
  let [batch, height, width, channels] = imageShape("gatedConvolutions", x);
  if (table.length !== operands.length) {
    throw new ShapeError(`gatedConvolutions: ${operands.length} operands for a table of ${table.length} rows`);
  }
  operands.forEach(({ weight, mask }, index) => {
    const row = table[index];
    if (row === undefined) return;
    const { kernel, outChannels, masked } = row;
    expectShape("gatedConvolutions", `weight${index + 1}`, weight, [outChannels, kernel, kernel, channels]);
    if (masked !== (mask !== undefined)) {
      throw new ShapeError(
        `gatedConvolutions: mask${index + 1} is ${masked ? "missing" : "given for an unmasked row"}`,
      );
    }
    if (mask) expectShape("gatedConvolutions", `mask${index + 1}`, mask, [batch, outChannels]);
    [height, width] = [convolvedSize(height, kernel, row), convolvedSize(width, kernel, row)];
    channels = outChannels;
  });
  const shape = [batch, height, width, channels];
  expectShape("gatedConvolutions", "residual", residual, shape);
  return shape;
}

function pack({ weight, packed }: ConvolutionOperands, { shape, rows }: NativeTable, index: number): Tensor {
  return packed.get(`gated ${index} ${shape} ${rows}`, () => {
    const { kernels } = weight.device;
    const bytes = new BigInt64Array(1);
    kernels.sl_gated_packed_bytes(shape, rows, index, bytes);
    const copy = new Tensor(weight.device, [Number(bytes[0])], "u8");
    kernels.sl_gated_pack(shape, rows, index, weight.pointer, copy.pointer);
    return copy;
  });
}

/**
 * Equal to {@linkcode maskedConvolutions} but for rounding. A device with kernels for the table convolves only the open
 * channels of each image; any other device computes every channel and multiplies by the masks. No gradient. (method of
 * Krishna et al. 2023 and DGNet, Li et al. 2021)
 *
 * @param x [N, H, W, I] f32.
 * @param operands by row, with a mask in exactly the rows that are masked.
 * @param residual [N, H', W', O] f32, the shape of the result.
 * @throws {ShapeError} if shapes do not fit the table.
 */
export function gatedConvolutions(
  x: Tensor,
  table: readonly ConvolutionRow[],
  operands: readonly ConvolutionOperands[],
  residual: Tensor,
): Tensor {
  const outShape = checkShapes(x, table, operands, residual);
  const native = nativeTable(x, table);
  if (!isSupported(x.device, native)) return maskedConvolutions(x, table, operands, residual);
  const copies = operands.map((of, index) => pack(of, native, index));
  using folds = new DisposableStack();
  const addresses = new BigUint64Array(SL_GATED_COLUMNS * operands.length);
  operands.forEach(({ mask, norm }, index) => {
    const { scale, shift } = folds.use(foldNorm(norm));
    const row = SL_GATED_COLUMNS * index;
    addresses[row + SL_GATED_MASK] = addressOf(mask?.pointer ?? null);
    addresses[row + SL_GATED_PACKED] = addressOf(copies[index]?.pointer ?? null);
    addresses[row + SL_GATED_SCALE] = addressOf(scale);
    addresses[row + SL_GATED_SHIFT] = addressOf(shift);
  });
  const y = new Tensor(x.device, outShape);
  const { kernels } = x.device;
  kernels.sl_gated_forward(native.shape, native.rows, addresses, x.pointer, residual.pointer, y.pointer);
  return y;
}
