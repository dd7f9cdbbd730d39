/**
 * LARS: layer-wise adaptive rates (You, Gitman, Ginsburg 2017), clipped so that no layer's rate exceeds the base rate.
 *
 * @module
 */
import { type LarsTables, larsUpdate } from "../ops/mod.ts";
import { Optimizer } from "./optimizer.ts";

/** Factor of |w| / |g|. */
const TRUST_COEFFICIENT = 0.02;
/** Keeps the denominator from 0. */
const EPSILON = 1e-8;

/**
 * trust = min(0.02 |w| / (|g| + wd |w| + 1e-8) / rate, 1); v = momentum v + trust (g + wd w); w -= rate v.
 *
 * Vectors (norms, biases) follow plain SGD without decay. If |w| or |g| is 0, the gradient is used unchanged.
 */
export class Lars extends Optimizer {
  /** Moves all parameters, scaling each layer's step. */
  protected override update(tables: LarsTables): void {
    const { momentum } = this;
    larsUpdate(this.device, tables, { momentum, trustCoefficient: TRUST_COEFFICIENT, epsilon: EPSILON });
  }
}
