/**
 * The update of LARS, for many tensors in one native call.
 *
 * @module
 */
import type { Device } from "../device/mod.ts";
import { tableLength, type UpdateTables } from "./sgd.ts";

/** The tables of SGD, and which tensors have a rate of their own. */
export interface LarsTables extends UpdateTables {
  /** 1 if the tensor's rate is adapted to its norms; 0 for plain SGD. */
  readonly adapt: Int32Array<ArrayBuffer>;
}

/** The constants of LARS. */
export interface LarsOptions {
  /** In 0..1. */
  readonly momentum: number;
  /** Factor of |w| / |g|. */
  readonly trustCoefficient: number;
  /** Added to the denominator of the trust ratio. */
  readonly epsilon: number;
}

/**
 * trust = min(trustCoefficient |w| / (|g| + decay |w| + epsilon) / rate, 1);
 * v = momentum v + trust (g + decay w); w -= rate v for every adapted tensor in place.
 *
 * If |w| or |g| is 0, trust is 1 and decay 0. Tensors that are not adapted follow SGD. (You et al. 2017, with the
 * clipping of LARC)
 *
 * @throws {ShapeError} if the tables differ in length.
 */
export function larsUpdate(device: Device, tables: LarsTables, options: LarsOptions): void {
  device.kernels.sl_lars_step(
    tableLength("larsUpdate", { ...tables }),
    tables.parameters,
    tables.gradients,
    tables.velocities,
    tables.sizes,
    tables.rates,
    tables.weightDecays,
    tables.adapt,
    options.momentum,
    options.trustCoefficient,
    options.epsilon,
  );
}
