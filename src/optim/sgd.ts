/**
 * Stochastic gradient descent with momentum.
 *
 * @module
 */
import { type LarsTables, sgdUpdate } from "../ops/mod.ts";
import { Optimizer } from "./optimizer.ts";

/** g += wd w; v = momentum v + g; w -= rate v, as PyTorch's SGD. */
export class Sgd extends Optimizer {
  /** Moves all parameters. */
  protected override update({ adapt: _adapt, ...tables }: LarsTables): void {
    sgdUpdate(this.device, tables, this.momentum);
  }
}
