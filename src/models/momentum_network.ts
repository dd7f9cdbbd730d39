/**
 * The momentum network: a slow copy of encoder and projector that some objectives take their targets from.
 *
 * @module
 */
import type { Device } from "../device/mod.ts";
import { ShapeError } from "../errors.ts";
import type { Parameter } from "../nn/mod.ts";
import { DualNetwork, type DualNetworkOptions } from "./dual_network.ts";

/**
 * A copy of the encoders and the projector that follows them as an exponential moving average.
 *
 * Parameters follow; buffers, the running statistics of norms, do not: they are the copy's own, of the batches that it has seen itself. So
 * it is in the papers' code. No target depends on them, for targets are computed with the statistics of their batch.
 */
export class MomentumNetwork extends DualNetwork {
  readonly #pairs: readonly (readonly [source: Parameter, copy: Parameter])[];

  /**
   * A copy with the source's present parameters, and running statistics as of a network untrained.
   *
   * @param source the network that is trained.
   * @param options what it was built with; a rotation head is not copied.
   * @throws {ShapeError} where the source was built with others.
   */
  constructor(device: Device, source: DualNetwork, options: DualNetworkOptions) {
    super(device, { ...options, rotationHead: null });
    const sources = new Map(source.parameters());
    this.#pairs = [...this.parameters()].map(([name, copy]) => {
      const followed = sources.get(name);
      if (followed?.value.size !== copy.value.size) {
        throw new ShapeError(`a momentum network of another shape: ${name}`);
      }
      // Nothing is differentiated with respect to the copy, whatever tape it is used with.
      copy.value.requiresGrad = false;
      return [followed, copy] as const;
    });
    this.follow(0);
  }

  /** After the optimiser's step: copy = momentum copy + (1 - momentum) source, for every parameter. */
  follow(momentum: number): void {
    for (const [{ value: source }, copy] of this.#pairs) {
      const { code, size, pointer } = copy.value;
      this.device.kernels.sl_axpby(code, size, 1 - momentum, source.pointer, momentum, pointer);
      copy.changed();
    }
  }
}
