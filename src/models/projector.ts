/**
 * The projector: maps features to the space in which the objective compares views.
 *
 * @module
 */
import type { Recorder } from "../autograd/mod.ts";
import type { Device } from "../device/mod.ts";
import { ShapeError } from "../errors.ts";
import { BatchNorm, type Initialiser, Linear, Module } from "../nn/mod.ts";
import { cast, type Collective, concatRows, sliceRows } from "../ops/mod.ts";
import type { DType, Tensor } from "../tensor/mod.ts";

/** How projections are computed. */
export interface ProjectionOptions {
  /** Element type of operands and activations, f32 or bf16; sums, statistics and the projections are f32 either way. */
  readonly precision: DType;
  /** The other processes of the run. */
  readonly collective?: Collective | undefined;
}

/** linear F -> P, norm, relu, linear P -> P, norm, relu, linear P -> P. Names are those of PyTorch's Sequential. */
export class Projector extends Module {
  readonly #linears: readonly Linear[];
  readonly #norms: readonly BatchNorm[];

  /** A projector from `features` values to `size`. */
  constructor(device: Device, initialiser: Initialiser, features: number, readonly size: number) {
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

  /**
   * Training: the features of some passes to their projections, in one product a layer. The norms keep the passes apart: each has
   * its own statistics, and the running ones see them in the order given.
   *
   * @param features one tensor a pass, [N, F] f32 each.
   * @returns one tensor a pass, [N, P] f32 each.
   * @throws {ShapeError} where the features do not have one shape, {@linkcode UnsupportedError} where the device cannot multiply in this
   * precision.
   */
  forward<Passes extends readonly Tensor[]>(
    tape: Recorder,
    features: Passes,
    options: ProjectionOptions,
  ): { readonly [Pass in keyof Passes]: Tensor } {
    const { precision, collective } = options;
    const groups = features.length;
    const batches = features.map((pass) => pass.dim(0));
    if (!batches.every((images) => images === batches[0])) {
      throw new ShapeError(`the projector: passes of ${batches.join(" and ")} images, where each needs as many`);
    }
    const joined = concatRows(tape, features);
    let h = precision === joined.dtype ? joined : cast(tape, joined, precision);
    this.#linears.forEach((linear, index) => {
      const norm = this.#norms[index];
      h = linear.forward(tape, h, { outDtype: norm ? precision : "f32" });
      if (norm) h = norm.forward(tape, h, { training: true, relu: true, groups, collective });
    });
    const rows = h.dim(0) / groups;
    const projections = features.map((_, pass) => sliceRows(tape, h, pass * rows, rows));
    return projections as { readonly [Pass in keyof Passes]: Tensor };
  }
}
