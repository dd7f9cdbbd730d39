/**
 * LARS: layer-wise adaptive rates (You, Gitman, Ginsburg 2017), clipped so that no layer's rate exceeds the base rate.
 *
 * @module
 */
import { type LarsTables, larsUpdate } from "../ops/mod.ts";
import { Optimizer } from "./optimizer.ts";

/** Factor before |w| / |g|. */
const TRUST_COEFFICIENT = 0.02;
/** Added to the denominator. */
const EPSILON = 1e-8;

/**
 * trust = min(0.02 |w| / (|g| + wd |w| + 1e-8) / rate, 1); v = momentum v + trust (g + wd w); w -= rate v.
 *
 * Vectors (norms, biases) are plain SGD without decay; where |w| or |g| is 0 the gradient is used as it is.
 */
export class Lars extends Optimizer {
  /** One update of all tensors. */
  protected override update(tables: LarsTables): void {
    const { momentum } = this;
    larsUpdate(this.device, tables, { momentum, trustCoefficient: TRUST_COEFFICIENT, epsilon: EPSILON });
  }
}
