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
  /** Element type of operands and activations, f32 or bf16. Sums, statistics and projections are always f32. */
  readonly precision: DType;
  /** Exchanges statistics between the run's processes; a single process by default. */
  readonly collective?: Collective | undefined;
}

/** linear F -> P, norm, relu, linear P -> P, norm, relu, linear P -> P, under the names of PyTorch's Sequential. */
export class Projector extends Module {
  readonly #linears: readonly Linear[];
  readonly #norms: readonly BatchNorm[];

  /** Draws the weights; features have `features` values F, projections `size` values P. */
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
   * Training: projects the features of several passes, with one matrix product a layer for all of them. The norms keep
   * the passes apart: each pass has its own statistics, and the running statistics follow the passes in the order
   * given.
   *
   * @param features one tensor a pass, [N, F] f32 each.
   * @returns one tensor a pass, [N, P] f32 each.
   * @throws {ShapeError} if the features differ in shape, {@linkcode UnsupportedError} if the device cannot multiply in
   * this precision.
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
      throw new ShapeError(`the projector: passes of ${batches.join(" and ")} images; give passes of one size`);
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
