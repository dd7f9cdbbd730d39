/**
 * A gate of a ladder: opens the same channels for every image.
 *
 * @module
 */
import type { Device } from "../device/mod.ts";
import { Module } from "../nn/mod.ts";
import { binary, gateThreshold } from "../ops/mod.ts";
import { Tensor, unscoped } from "../tensor/mod.ts";
import type { ForwardContext } from "./forward_context.ts";
import type { BlockGate, SampledMask } from "./gate.ts";

/** Opens the channels whose rank is below a number that training sets, the network's number of open channels. */
export class LadderGate extends Module implements BlockGate {
  readonly #ranks: Float32Array<ArrayBuffer>;
  /** How many ranks each channel lies before the first closed one, less a half: above 0 for open channels. [C] */
  readonly #above: Tensor;

  /** @param ranks the place of each channel in the network's order, [C]. */
  constructor(device: Device, ranks: Float32Array<ArrayBuffer>) {
    super();
    this.#ranks = ranks;
    this.#above = this.buffer("opening", unscoped(() => Tensor.full(device, [ranks.length], 1)));
  }

  /** Opens the first channels of the network's order. */
  setOpening(open: number): void {
    this.#above.write(this.#ranks.map((rank) => open - rank - 0.5));
  }

  /** Nothing is added to logits: there are none. */
  readonly opening = null;

  /** The mask in training: without noise or gradient. */
  sample(_context: ForwardContext, x: Tensor): SampledMask {
    const mask = this.#rows(x);
    return { mask, noiseFree: mask };
  }

  /** The mask in evaluation. @param pooled [N, I]. */
  decide(pooled: Tensor): Tensor {
    return this.#rows(pooled);
  }

  /** The mask [N, C] for as many images as a tensor has. */
  #rows(images: Tensor): Tensor {
    using zeros = Tensor.full(images.device, [images.dim(0), this.#ranks.length], 0);
    using rows = binary(null, "add", zeros, this.#above, "row");
    return gateThreshold(rows);
  }
}
