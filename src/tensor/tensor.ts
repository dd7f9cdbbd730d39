/**
 * Tensors: a shape, an element type and a buffer on a device.
 *
 * @module
 */
import { constants, type Device, type DevicePointer, type HostArray, offsetPointer } from "../device/mod.ts";
import { MisuseError, ShapeError } from "../errors.ts";
import { Scope, unscoped } from "./scope.ts";

/** Element types: 32-bit float, bfloat16, unsigned byte, 32-bit signed integer. */
export type DType = "f32" | "bf16" | "u8" | "i32";

const dtypes = {
  f32: { code: constants.SL_F32, bytes: 4, array: Float32Array },
  bf16: { code: constants.SL_BF16, bytes: 2, array: Uint16Array },
  u8: { code: constants.SL_U8, bytes: 1, array: Uint8Array },
  i32: { code: constants.SL_I32, bytes: 4, array: Int32Array },
} as const;

/** The code of an element type in native calls: SL_F32, SL_BF16, SL_U8 or SL_I32. */
export function dtypeCode(dtype: DType): number {
  return dtypes[dtype].code;
}

/** Bytes of one element. */
export function dtypeBytes(dtype: DType): number {
  return dtypes[dtype].bytes;
}

/** The number of elements of a shape. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function dtypeOf(data: HostArray): DType {
  if (data instanceof Float32Array) return "f32";
  if (data instanceof Uint16Array) return "bf16";
  return data instanceof Uint8Array ? "u8" : "i32";
}

/** Memory inside the buffer of another tensor. */
interface Part {
  readonly pointer: DevicePointer;
  /** Called once, when the tensor is freed. */
  readonly release: () => void;
}

/** A dense row-major array on a device; activations are NHWC. */
export class Tensor implements Disposable {
  /** Whether the tape computes a gradient for it. */
  requiresGrad = false;
  /** The number of elements. */
  readonly size: number;
  #pointer: DevicePointer;
  readonly #scope: Scope | null;
  readonly #part: Part | null;

  /**
   * Allocates a tensor with undefined contents; the innermost open {@linkcode Scope} owns it.
   *
   * @param part the memory of a tensor of {@linkcode Tensor.pair}.
   * @throws {ShapeError} if a size is not a natural number.
   * @throws {OutOfMemoryError} if the device has no memory left.
   */
  constructor(
    readonly device: Device,
    readonly shape: readonly number[],
    readonly dtype: DType = "f32",
    part: Part | null = null,
  ) {
    if (!shape.every((size) => Number.isSafeInteger(size) && size >= 0)) {
      throw new ShapeError(`a tensor cannot have shape [${shape}]: give natural numbers`);
    }
    this.size = elementCount(shape);
    this.#part = part;
    this.#pointer = part?.pointer ?? device.allocate(Math.max(this.size, 1) * dtypeBytes(dtype));
    this.#scope = Scope.current;
    this.#scope?.add(this);
  }

  /**
   * A tensor with a copy of host data; Uint16Array holds bits of bf16.
   *
   * @throws {ShapeError} if the length does not fit the shape.
   */
  static from(device: Device, data: HostArray, shape: readonly number[]): Tensor {
    const tensor = Tensor.#roomFor(device, data, shape);
    if (tensor.size > 0) device.upload(tensor.#pointer, data);
    return tensor;
  }

  /** Undefined contents, of the data's type. @throws {ShapeError} if the length does not fit the shape. */
  static #roomFor(device: Device, data: HostArray, shape: readonly number[]): Tensor {
    if (elementCount(shape) !== data.length) {
      throw new ShapeError(`${data.length} values do not fill shape [${shape}]`);
    }
    return new Tensor(device, shape, dtypeOf(data));
  }

  /**
   * As {@linkcode Tensor.from}, for data that are the same in every step, at most 256 KiB: a recorded step keeps a copy
   * of them. It refuses other uploads, whose data it could not follow.
   *
   * @throws {ShapeError} if the length does not fit the shape.
   * @throws {NativeError} if there are more bytes.
   */
  static constant(device: Device, data: HostArray, shape: readonly number[]): Tensor {
    const tensor = Tensor.#roomFor(device, data, shape);
    if (tensor.size > 0) device.kernels.sl_upload_constant(tensor.#pointer, data, data.byteLength);
    return tensor;
  }

  /**
   * Two f32 tensors of one shape, the second right behind the first in one buffer, with undefined contents. The buffer
   * is freed with the second of them.
   */
  static pair(device: Device, shape: readonly number[]): readonly [Tensor, Tensor] {
    const whole = unscoped(() => new Tensor(device, [2, ...shape]));
    let live = 2;
    const release = () => {
      live--;
      if (live === 0) whole[Symbol.dispose]();
    };
    const behind = offsetPointer(whole.pointer, elementCount(shape) * dtypeBytes("f32"));
    const [first, second] = [whole.pointer, behind].map((pointer) => ({ pointer, release }));
    return [new Tensor(device, shape, "f32", first), new Tensor(device, shape, "f32", second)];
  }

  /** A tensor whose elements all are `value`; f32 or bf16. */
  static full(device: Device, shape: readonly number[], value: number, dtype: DType = "f32"): Tensor {
    const tensor = new Tensor(device, shape, dtype);
    tensor.fill(value);
    return tensor;
  }

  /** Overwrites all elements with `value`; f32 or bf16. */
  fill(value: number): void {
    this.device.kernels.sl_fill(this.code, this.size, value, this.pointer);
  }

  /** The code of the element type in native calls. */
  get code(): number {
    return dtypes[this.dtype].code;
  }

  /** The buffer's address. @throws {MisuseError} after disposal. */
  get pointer(): DevicePointer {
    if (this.#pointer === null) throw new MisuseError(`a tensor of shape [${this.shape}] was used after it was freed`);
    return this.#pointer;
  }

  /** Whether the buffer was freed. */
  get disposed(): boolean {
    return this.#pointer === null;
  }

  /** The size along an axis; negative axes count from the end. @throws {ShapeError} if there is no such axis. */
  dim(axis: number): number {
    const size = this.shape.at(axis);
    if (size === undefined) throw new ShapeError(`shape [${this.shape}] has no axis ${axis}`);
    return size;
  }

  /** Overwrites the contents. @throws {ShapeError} if length or element type differ. */
  write(data: HostArray): void {
    if (data.length !== this.size || dtypeOf(data) !== this.dtype) {
      throw new ShapeError(`${data.length} ${dtypeOf(data)} values cannot be written to [${this.shape}] ${this.dtype}`);
    }
    if (this.size > 0) this.device.upload(this.pointer, data);
  }

  /** Overwrites the contents with another tensor's. @throws {ShapeError} if shape or element type differ. */
  copyFrom(source: Tensor): void {
    if (source.shape.join() !== this.shape.join() || source.dtype !== this.dtype) {
      const [from, to] = [source, this].map(({ shape, dtype }) => `[${shape}] ${dtype}`);
      throw new ShapeError(`${from} cannot be copied to ${to}`);
    }
    this.device.kernels.sl_copy(null, this.pointer, source.pointer, this.size * dtypeBytes(this.dtype));
  }

  /**
   * A copy of the contents of an f32 tensor; waits for the device.
   *
   * @throws {ShapeError} if the element type is another.
   */
  toFloat32(): Float32Array<ArrayBuffer> {
    if (this.dtype !== "f32") throw new ShapeError(`a ${this.dtype} tensor has no f32 contents: cast it to f32 first`);
    return this.toHost() as Float32Array<ArrayBuffer>;
  }

  /** A copy of the contents, bf16 as its 16 bits; waits for the device. */
  toHost(): HostArray {
    const data = new dtypes[this.dtype].array(this.size);
    if (this.size > 0) this.device.download(data, this.pointer);
    return data;
  }

  /** The value of an f32 tensor of one element; waits for the device. @throws {ShapeError} if it has more or fewer. */
  item(): number {
    const [value] = this.toFloat32();
    if (value === undefined || this.size !== 1) throw new ShapeError(`shape [${this.shape}] does not hold one value`);
    return value;
  }

  /** A new tensor with the same contents, which requires no gradient. */
  clone(): Tensor {
    const copy = new Tensor(this.device, this.shape, this.dtype);
    copy.copyFrom(this);
    return copy;
  }

  /** Frees the buffer; a second call does nothing. */
  [Symbol.dispose](): void {
    if (this.#pointer === null) return;
    this.#scope?.forget(this);
    if (this.#part === null) this.device.release(this.#pointer);
    else this.#part.release();
    this.#pointer = null;
  }
}
