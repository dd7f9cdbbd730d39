/**
 * A residual block at inference whose cost follows the channels that its masks open.
 *
 * @module
 */
import { addressOf, constants, type Device, structOf } from "../device/mod.ts";
import { ShapeError } from "../errors.ts";
import { type DType, dtypeCode, Tensor } from "../tensor/mod.ts";
import { type FoldedNorm, foldNorm } from "./batch_norm.ts";
import { cast } from "./cast.ts";
import { convolvedSize } from "./conv2d.ts";
import { globalPool } from "./global_pool.ts";
import { type ConvolutionOperands, type ConvolutionRow, maskedConvolutions } from "./masked_convolutions.ts";
import { expectF32, expectShape, imageShape } from "./shapes.ts";

const { SL_GATED_MOST_CONVOLUTIONS, SL_GATED_MASK, SL_GATED_PACKED, SL_GATED_SCALE, SL_GATED_SHIFT, SL_GATED_COLUMNS } =
  constants;

/** [N, H, W, I] of x. */
export type GatedInput = readonly [batch: number, height: number, width: number, inChannels: number];

/** The arguments of native calls for one table, one size of x and one type of maps. */
interface NativeCall {
  /** The type of x, the residual and the result. */
  readonly dtype: DType;
  /** One sl_gated_shape. */
  readonly shape: Int32Array<ArrayBuffer>;
  /** One sl_gated_convolution per row. */
  readonly rows: Int32Array<ArrayBuffer>;
  /** By row, the name of the packed copy of its weight. */
  readonly copies: readonly string[];
  /** Room for the operands' addresses, [rows, SL_GATED_COLUMNS]: the table's. */
  readonly addresses: BigUint64Array<ArrayBuffer>;
  /** Whether a device has kernels for the call, of devices that were asked. */
  readonly supported: WeakMap<Device, boolean>;
}

/**
 * A table as native calls take it. Its arrays serve every call, since a native call is half a microsecond slower with a
 * new array.
 */
interface NativeTable {
  /** The rows as text. */
  readonly key: string;
  /** One sl_gated_convolution per row. */
  readonly rows: Int32Array<ArrayBuffer>;
  /** By the type and the sizes of x. */
  readonly calls: Map<string, NativeCall>;
  /** Room for the operands' addresses, [rows, SL_GATED_COLUMNS]. */
  readonly addresses: BigUint64Array<ArrayBuffer>;
}

const byKey = new Map<string, NativeTable>();
const byTable = new WeakMap<readonly ConvolutionRow[], NativeTable>();

function nativeTable(table: readonly ConvolutionRow[]): NativeTable {
  const known = byTable.get(table);
  if (known) return known;
  const rows = Int32Array.from(table.flatMap(({ kernel, stride, padding, outChannels, masked, group = 1 }) => {
    return [...structOf("sl_gated_convolution", {
      kernel,
      stride,
      padding,
      outputs: outChannels,
      group: masked ? group : 0,
    })];
  }));
  const key = rows.join();
  const addresses = new BigUint64Array(SL_GATED_COLUMNS * table.length);
  const native = byKey.get(key) ?? { key, rows, calls: new Map(), addresses };
  byKey.set(key, native);
  byTable.set(table, native);
  return native;
}

function nativeCall(
  [batch, height, width, inChannels]: GatedInput,
  dtype: DType,
  { key, rows, calls, addresses }: NativeTable,
  convolutions: number,
): NativeCall {
  const sizes = `${dtype} ${batch},${height},${width},${inChannels}`;
  let call = calls.get(sizes);
  if (call === undefined) {
    const code = dtypeCode(dtype);
    const shape = structOf("sl_gated_shape", {
      batch,
      height,
      width,
      in_channels: inChannels,
      convolutions,
      dtype: code,
    });
    const copies = Array.from({ length: convolutions }, (_, index) => `gated ${index} ${sizes} ${key}`);
    call = { dtype, shape, rows, copies, addresses, supported: new WeakMap() };
    calls.set(sizes, call);
  }
  return call;
}

function isSupported(device: Device, { shape, rows, supported }: NativeCall): boolean {
  let answer = supported.get(device);
  if (answer === undefined) {
    const host = new Int32Array(1);
    device.kernels.sl_gated_supports(shape, rows, host);
    answer = host[0] === 1;
    supported.set(device, answer);
  }
  return answer;
}

/** The call that the device has kernels for: with maps of the type wanted, else of f32. Undefined if it has none. */
function supportedCall(
  device: Device,
  shape: GatedInput,
  wanted: DType,
  table: readonly ConvolutionRow[],
): NativeCall | undefined {
  const native = nativeTable(table);
  const call = nativeCall(shape, wanted, native, table.length);
  if (isSupported(device, call)) return call;
  if (wanted === "f32") return undefined;
  const wide = nativeCall(shape, "f32", native, table.length);
  return isSupported(device, wide) ? wide : undefined;
}

/**
 * How many channels the first mask must open for an image to be computed in full, because on this device so many open
 * channels would cost more one by one. One more than there are if no image is.
 *
 * @param shape [N, H, W, I] of x.
 * @param dtype the type of x.
 * @param table the block's convolutions.
 * @throws {NativeError} if a kernel is larger than its padded input, or a size is negative.
 */
export function gatedFullFrom(
  device: Device,
  shape: GatedInput,
  dtype: DType,
  table: readonly ConvolutionRow[],
): number {
  const call = supportedCall(device, shape, dtype, table);
  const host = Int32Array.of((table[0]?.outChannels ?? 0) + 1);
  if (call) device.kernels.sl_gated_full_from(call.shape, call.rows, host);
  return host[0] ?? 0;
}

/** On a CPU, how many neighbouring channels fill a register. Gates that open fewer do not multiply in bf16. */
const CPU_LANES = 16;

/**
 * The type that {@linkcode gatedConvolutions} multiplies in if it computes open channels only.
 *
 * @param shape [N, H, W, I] of x.
 * @param dtype the type of x.
 * @param table the block's convolutions.
 * @throws {NativeError} if a kernel is larger than its padded input, or a size is negative.
 */
export function gatedProductType(
  device: Device,
  shape: GatedInput,
  dtype: DType,
  table: readonly ConvolutionRow[],
): DType {
  // A GPU rounds f32 maps when it loads them.
  if (device.kind === "cuda") return dtype;
  const call = supportedCall(device, shape, dtype, table);
  if (call === undefined) return dtype;
  const inVectors = table.every(({ masked, group = 1 }) => !masked || group % CPU_LANES === 0);
  return inVectors ? call.dtype : "f32";
}

/** Names of operands in messages. They are listed, because each call checks every operand. */
const weightNames = Array.from({ length: SL_GATED_MOST_CONVOLUTIONS }, (_, index) => `weight${index + 1}`);
const maskNames = Array.from({ length: SL_GATED_MOST_CONVOLUTIONS }, (_, index) => `mask${index + 1}`);

/** Demands the shapes that follow from the table, and returns the shape of the result. */
function checkShapes(
  x: Tensor,
  table: readonly ConvolutionRow[],
  operands: readonly ConvolutionOperands[],
  residual: Tensor,
): readonly number[] {
  if (x.dtype !== "f32" && x.dtype !== "bf16") {
    throw new ShapeError(`gatedConvolutions: x is ${x.dtype}: f32 or bf16 is needed`);
  }
  if (residual.dtype !== x.dtype) {
    throw new ShapeError(`gatedConvolutions: the residual is ${residual.dtype}, and x is ${x.dtype}`);
  }
  let [batch, height, width, channels] = imageShape("gatedConvolutions", x);
  if (table.length !== operands.length) {
    throw new ShapeError(`gatedConvolutions: ${operands.length} operands for a table of ${table.length} rows`);
  }
  for (let index = 0; index < table.length; index++) {
    const [row, operand] = [table[index], operands[index]];
    if (row === undefined || operand === undefined) break;
    const { kernel, outChannels, masked, group = 1 } = row;
    const { weight, mask } = operand;
    expectShape("gatedConvolutions", weightNames[index] ?? "weight", weight, [outChannels, kernel, kernel, channels]);
    if (masked && !(Number.isInteger(group) && group > 0 && outChannels % group === 0)) {
      throw new ShapeError(
        `gatedConvolutions: the group of row ${index + 1} is ${group}, which does not divide ${outChannels} channels`,
      );
    }
    if (masked !== (mask !== undefined)) {
      throw new ShapeError(
        `gatedConvolutions: mask${index + 1} is ${masked ? "missing" : "given for an unmasked row"}`,
      );
    }
    if (mask) {
      expectF32("gatedConvolutions", mask);
      expectShape("gatedConvolutions", maskNames[index] ?? "mask", mask, [batch, outChannels]);
    }
    height = convolvedSize(height, kernel, row);
    width = convolvedSize(width, kernel, row);
    channels = outChannels;
  }
  const outShape = [batch, height, width, channels];
  expectShape("gatedConvolutions", "residual", residual, outShape);
  return outShape;
}

/** The packed copy of a row's weight for the shape of this call. */
function pack({ weight, packed }: ConvolutionOperands, { shape, rows, copies }: NativeCall, index: number): Tensor {
  return packed.get(copies[index] ?? "", () => {
    const { kernels } = weight.device;
    const bytes = new BigInt64Array(1);
    kernels.sl_gated_packed_bytes(shape, rows, index, bytes);
    const copy = new Tensor(weight.device, [Number(bytes[0])], "u8");
    kernels.sl_gated_pack(shape, rows, index, weight.pointer, copy.pointer);
    return copy;
  });
}

/** What a block gives at inference. */
export interface GatedOutput {
  /** The result of the last row. */
  readonly y: Tensor;
  /** [N, O] f32, the mean of y over its pixels: {@linkcode globalPool} of y, at the cost of a part of it. */
  readonly pooled: Tensor;
}

/**
 * Equal to {@linkcode maskedConvolutions} but for rounding. A device with kernels for the table convolves the open
 * channels of each image, or all of them if that is faster; any other device computes every channel and multiplies by
 * the masks. No gradient. (method of Krishna et al. 2023 and DGNet, Li et al. 2021)
 *
 * @param x [N, H, W, I], f32 or bf16. A GPU multiplies bf16 on tensor cores if x is bf16, and TF32 if x is f32 and TF32
 * is allowed. A CPU multiplies f32, or bf16 if x is bf16, the processor multiplies it, and inputs and outputs of every
 * row are multiples of 16 channels. Then masks that open 16, 32, ... channels together multiply bf16. With other masks
 * images that open at least {@linkcode gatedFullFrom} channels are computed in full in bf16, and open channels of the
 * rest are multiplied in f32.
 * @param operands by row, with a mask in exactly the rows that are masked.
 * @param residual [N, H', W', O] of x's element type, the shape of the result.
 * @returns the result and its mean; the caller frees both.
 * @throws {ShapeError} if shapes do not fit the table.
 */
export function gatedConvolutions(
  x: Tensor,
  table: readonly ConvolutionRow[],
  operands: readonly ConvolutionOperands[],
  residual: Tensor,
): GatedOutput {
  const outShape = checkShapes(x, table, operands, residual);
  const call = supportedCall(x.device, imageShape("gatedConvolutions", x), x.dtype, table);
  if (!call) return withPooled(maskedConvolutions(x, table, operands, residual));
  if (x.dtype === call.dtype) {
    const pooled = new Tensor(x.device, [outShape[0] ?? 0, outShape[3] ?? 0]);
    try {
      return { y: forward(x.code, x, residual, outShape, pooled, operands, call), pooled };
    } catch (error) {
      pooled[Symbol.dispose]();
      throw error;
    }
  }
  using wide = cast(null, x, "f32");
  using wideResidual = residual === x ? null : cast(null, residual, "f32");
  using wideY = forward(x.code, wide, wideResidual ?? wide, outShape, null, operands, call);
  return withPooled(cast(null, wideY, x.dtype));
}

/** A result with its mean; frees it if there is no memory for the mean. */
function withPooled(y: Tensor): GatedOutput {
  try {
    return { y, pooled: globalPool(null, y) };
  } catch (error) {
    y[Symbol.dispose]();
    throw error;
  }
}

/**
 * Calls the native kernels. x and the residual are of the call's type, as is the result.
 *
 * @param code the code of the type that operands of products may be rounded to.
 * @param pooled becomes the mean of the result; null if it is not wanted.
 */
function forward(
  code: number,
  x: Tensor,
  residual: Tensor,
  outShape: readonly number[],
  pooled: Tensor | null,
  operands: readonly ConvolutionOperands[],
  call: NativeCall,
): Tensor {
  const { device } = x;
  const folds: FoldedNorm[] = [];
  try {
    for (const operand of operands) {
      const index = folds.length;
      const packed = pack(operand, call, index);
      const fold = foldNorm(operand.norm);
      folds.push(fold);
      const row = SL_GATED_COLUMNS * index;
      call.addresses[row + SL_GATED_MASK] = addressOf(operand.mask?.pointer ?? null);
      call.addresses[row + SL_GATED_PACKED] = addressOf(packed.pointer);
      call.addresses[row + SL_GATED_SCALE] = addressOf(fold.scale);
      call.addresses[row + SL_GATED_SHIFT] = addressOf(fold.shift);
    }
    const y = new Tensor(device, outShape, call.dtype);
    const [from, added, to, mean] = [x.pointer, residual.pointer, y.pointer, pooled?.pointer ?? null];
    try {
      device.kernels.sl_gated_forward(call.shape, call.rows, code, call.addresses, from, added, to, mean);
    } catch (error) {
      y[Symbol.dispose]();
      throw error;
    }
    return y;
  } finally {
    // Not a DisposableStack: it costs a microsecond, which a small block at batch 1 would feel.
    for (const fold of folds) fold[Symbol.dispose]();
  }
}
