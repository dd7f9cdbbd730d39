/**
 * The rotation head: predicts from features by how many quarter turns an image was rotated.
 *
 * @module
 */
import type { Recorder } from "../autograd/mod.ts";
import type { Device } from "../device/mod.ts";
import { type Initialiser, LayerNorm, Linear, Module } from "../nn/mod.ts";
import { unary } from "../ops/mod.ts";
import type { Tensor } from "../tensor/mod.ts";

/** Classes: 0 to 3 quarter turns. */
export const ROTATIONS = 4;
/** Values of both hidden layers, as published. */
const HIDDEN = 2048;
/** The head's parameter group, since it has a learning rate of its own. */
export const ROTATION_GROUP = 1;

/**
 * linear F -> 2048, layer norm, relu, linear 2048 -> 2048, layer norm, linear 2048 -> 4, under the names of PyTorch's
 * Sequential. (an ablation of Krishna et al. 2023, after Gidaris, Singh and Komodakis, ICLR 2018)
 */
export class RotationHead extends Module {
  readonly #linears: readonly Linear[];
  readonly #norms: readonly LayerNorm[];
  readonly #relus: readonly boolean[];

  /**
   * Draws the weights.
   *
   * @param features values F of a feature.
   * @param lastRelu whether a relu follows the second norm too, as in the first version of sluice.
   */
  constructor(device: Device, initialiser: Initialiser, features: number, lastRelu: boolean) {
    super();
    const linear = (name: string, inFeatures: number, outFeatures: number) => {
      const weight = initialiser.uniformFanIn(outFeatures * inFeatures, inFeatures);
      const bias = initialiser.uniformFanIn(outFeatures, inFeatures);
      const size = { inFeatures, outFeatures };
      return this.child(name, new Linear(device, size, weight, bias, { group: ROTATION_GROUP }));
    };
    const norm = (name: string) => this.child(name, new LayerNorm(device, HIDDEN, { group: ROTATION_GROUP }));
    const first = linear("0", features, HIDDEN);
    const norm1 = norm("1");
    const second = linear("3", HIDDEN, HIDDEN);
    const norm2 = norm("4");
    this.#linears = [first, second, linear(lastRelu ? "6" : "5", HIDDEN, ROTATIONS)];
    this.#norms = [norm1, norm2];
    this.#relus = [true, lastRelu];
  }

  /** Features [N, F] f32 to logits [N, 4]. */
  forward(tape: Recorder, features: Tensor): Tensor {
    return this.#linears.reduce((h, linear, index) => {
      const y = linear.forward(tape, h);
      const norm = this.#norms[index];
      if (norm === undefined) return y;
      const normalised = norm.forward(tape, y);
      return this.#relus[index] ? unary(tape, "relu", normalised) : normalised;
    }, features);
  }
}
