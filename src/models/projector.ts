/**
 * The projector: maps features to the space in which the objective compares views.
 *
 * @module
 */
import type { Recorder } from "../autograd/mod.ts";
import type { Device } from "../device/mod.ts";
import { BatchNorm, type Initialiser, Linear, Module } from "../nn/mod.ts";
import type { Collective } from "../ops/mod.ts";
import type { Tensor } from "../tensor/mod.ts";

/** linear F -> P, norm, relu, linear P -> P, norm, relu, linear P -> P. Names are those of PyTorch's Sequential. */
export class Projector extends Module {
  readonly #linears: readonly Linear[];
  readonly #norms: readonly BatchNorm[];

  /** A projector from `features` values to `size`. */
  constructor(device: Device, initialiser: Initialiser, features: number, size: number) {
    super();
    const linear = (name: string, inFeatures: number) => {
      const weight = initialiser.uniformFanIn(size * inFeatures, inFeatures);
      const bias = initialiser.uniformFanIn(size, inFeatures);
      return this.child(name, new Linear(device, { inFeatures, outFeatures: size }, weight, bias));
    };
    const norm = (name: string) => this.child(name, new BatchNorm(device, size));
    const first = linear("0", features);
    const norm1 = norm("1");
    const second = linear("3", size);
    const norm2 = norm("4");
    this.#linears = [first, second, linear("6", size)];
    this.#norms = [norm1, norm2];
  }

  /** Training pass: [N, F] to [N, P]; its norms see one pass a call. */
  forward(tape: Recorder, features: Tensor, collective?: Collective): Tensor {
    let h = features;
    this.#linears.forEach((linear, index) => {
      h = linear.forward(tape, h);
      const norm = this.#norms[index];
      if (norm) h = norm.forward(tape, h, { training: true, relu: true, collective });
    });
    return h;
  }
}
