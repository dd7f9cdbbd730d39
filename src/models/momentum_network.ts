/**
 * The momentum network: a slow copy of encoder and projector, which computes the targets of some objectives.
 *
 * @module
 */
import type { Device } from "../device/mod.ts";
import { ShapeError } from "../errors.ts";
import type { Parameter } from "../nn/mod.ts";
import { movingAverage } from "../ops/mod.ts";
import { DualNetwork, type DualNetworkOptions } from "./dual_network.ts";

/**
 * A copy of the encoders and the projector that follows them as an exponential moving average.
 *
 * Only parameters follow. The copy has running statistics of its own, from the batches that it has computed, as in the
 * papers' code. No target depends on them, because targets are computed with the statistics of their batch.
 */
export class MomentumNetwork extends DualNetwork {
  readonly #pairs: readonly (readonly [source: Parameter, copy: Parameter])[];

  /**
   * A copy with the source's present parameters and the running statistics of an untrained network.
   *
   * @param source the network that is trained.
   * @param options the source's own options; a rotation head is not copied.
   * @throws {ShapeError} if the source was built with other options.
   */
  constructor(device: Device, source: DualNetwork, options: DualNetworkOptions) {
    super(device, { ...options, rotationHead: null });
    const sources = new Map(source.parameters());
    this.#pairs = [...this.parameters()].map(([name, copy]) => {
      const followed = sources.get(name);
      if (followed?.value.size !== copy.value.size) {
        throw new ShapeError(
          `the momentum network does not fit its source: ${name} differs in size; build both with the same options`,
        );
      }
      // No tape computes gradients for the copy.
      copy.value.requiresGrad = false;
      return [followed, copy] as const;
    });
    this.follow(0);
  }

  /** copy = momentum copy + (1 - momentum) source, for every parameter. Call it after each step of the optimiser. */
  follow(momentum: number): void {
    for (const [{ value: source }, copy] of this.#pairs) {
      movingAverage(copy.value, source, momentum);
      copy.changed();
    }
  }
}
