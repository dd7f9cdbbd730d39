/**
 * The update of stochastic gradient descent, for many tensors in one native call.
 *
 * @module
 */
import type { Device } from "../device/mod.ts";
import { ShapeError } from "../errors.ts";

/** Tables of one native update, with one entry for each of T tensors. */
export interface UpdateTables {
  /** Device addresses of the values, f32. */
  readonly parameters: BigUint64Array<ArrayBuffer>;
  /** Device addresses of the gradients, f32; 0 if a tensor has none. */
  readonly gradients: BigUint64Array<ArrayBuffer>;
  /** Device addresses of the velocities (the momentum buffers), f32. */
  readonly velocities: BigUint64Array<ArrayBuffer>;
  /** Elements; 0 leaves a tensor and its velocity as they are. */
  readonly sizes: BigInt64Array<ArrayBuffer>;
  /** Learning rates. */
  readonly rates: Float32Array<ArrayBuffer>;
  /** Weight decays. */
  readonly weightDecays: Float32Array<ArrayBuffer>;
}

/** The number of tensors in the tables. @throws {ShapeError} if a table has another length than the others. */
export function tableLength(operation: string, tables: Readonly<Record<string, { readonly length: number }>>): number {
  const lengths = Object.values(tables).map(({ length }) => length);
  const [first = 0] = lengths;
  if (lengths.some((length) => length !== first)) {
    throw new ShapeError(`${operation}: the tables have lengths ${lengths.join(", ")}: give one entry for each tensor`);
  }
  return first;
}

/**
 * g += decay w; v = momentum v + g; w -= rate v for every tensor in place, as PyTorch's SGD.
 *
 * @param momentum in 0..1.
 * @throws {ShapeError} if the tables differ in length.
 */
export function sgdUpdate(device: Device, tables: UpdateTables, momentum: number): void {
  device.kernels.sl_sgd_step(
    tableLength("sgdUpdate", { ...tables }),
    tables.parameters,
    tables.gradients,
    tables.velocities,
    tables.sizes,
    tables.rates,
    tables.weightDecays,
    momentum,
  );
}
