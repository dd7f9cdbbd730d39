/**
 * Stochastic gradient descent with momentum.
 *
 * @module
 */
import { Optimizer, type TensorTables } from "./optimizer.ts";

/** g += wd w; v = momentum v + g; w -= rate v, as PyTorch's SGD. */
export class Sgd extends Optimizer {
  /** Moves all parameters. */
  protected override update(tables: TensorTables): void {
    this.device.kernels.sl_sgd_step(
      tables.count,
      tables.parameters,
      tables.gradients,
      tables.velocities,
      tables.sizes,
      tables.rates,
      tables.weightDecays,
      this.momentum,
    );
  }
}
