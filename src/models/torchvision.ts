/**
 * Conversion of states to and from PyTorch's weight layouts: convolutions are OIHW there and OHWI here.
 *
 * @module
 */
import { ShapeError } from "../errors.ts";
import type { HostTensor } from "../formats/mod.ts";
import type { Module } from "../nn/mod.ts";

/** Transposes [O, H, W, I] to [O, I, H, W] values. */
function toOihw(values: Float32Array<ArrayBuffer>, [o, h, w, i]: readonly [number, number, number, number]) {
  return transposeInner(values, o, h * w, i);
}

/** Transposes each of `outer` matrices [rows, columns]. */
export function transposeInner(
  values: Float32Array<ArrayBuffer>,
  outer: number,
  rows: number,
  columns: number,
): Float32Array<ArrayBuffer> {
  const result = new Float32Array(values.length);
  for (let matrix = 0; matrix < outer; matrix++) {
    const base = matrix * rows * columns;
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        result[base + column * rows + row] = values[base + row * columns + column] ?? 0;
      }
    }
  }
  return result;
}

/** A tensor in PyTorch's layout: a convolution's weight [O, H, W, I], known by its four axes, becomes [O, I, H, W]. */
export function inTorchLayout(tensor: HostTensor): HostTensor {
  const [o, h, w, i] = tensor.shape;
  const isConvolution = o !== undefined && h !== undefined && w !== undefined && i !== undefined;
  if (!isConvolution || tensor.dtype !== "f32") return tensor;
  return { dtype: "f32", shape: [o, i, h, w], data: toOihw(tensor.data, [o, h, w, i]) };
}

/** Copies of a module's tensors on the host, in this library's layouts. */
export function hostState(module: Module): Map<string, HostTensor> {
  const state = new Map<string, HostTensor>();
  for (const [name, tensor] of module.state()) {
    state.set(name, { dtype: "f32", shape: tensor.shape, data: tensor.toFloat32() });
  }
  return state;
}

/** A module's state in PyTorch's layouts. */
export function toTorchState(module: Module): Map<string, HostTensor> {
  return new Map([...hostState(module)].map(([name, tensor]) => [name, inTorchLayout(tensor)]));
}

/**
 * Loads a state in PyTorch's layouts into a module.
 *
 * @throws {ShapeError} if a tensor has another shape or element type, or as {@linkcode Module.loadState}; nothing
 * changes.
 */
export function loadTorchState(module: Module, state: ReadonlyMap<string, HostTensor>): void {
  const own = module.state();
  const values = new Map<string, Float32Array<ArrayBuffer>>();
  for (const [name, { data, shape }] of state) {
    const wanted = own.get(name)?.shape ?? shape;
    const [o, h, w, i] = wanted;
    const isConvolution = o !== undefined && h !== undefined && w !== undefined && i !== undefined;
    const expected = isConvolution ? [o, i, h, w] : wanted;
    if (!(data instanceof Float32Array) || expected.join() !== shape.join()) {
      throw new ShapeError(
        `the state does not fit the network: ${name} has shape [${shape}], not [${expected}] of f32`,
      );
    }
    const floats = Float32Array.from(data);
    values.set(name, isConvolution ? transposeInner(floats, o, i, h * w) : floats);
  }
  module.loadState(values);
}
