/**
 * The predictor: predicts the projections of one view from those of the other.
 *
 * @module
 */
import type { Recorder } from "../autograd/mod.ts";
import type { Device } from "../device/mod.ts";
import { BatchNorm, type Initialiser, Linear, Module } from "../nn/mod.ts";
import { type Collective, concatRows, sliceRows } from "../ops/mod.ts";
import type { Tensor } from "../tensor/mod.ts";

/**
 * linear D -> H (without bias, which the norm would subtract), norm, relu, linear H -> D, in f32. The names are those
 * of PyTorch's Sequential, after `predictor.`.
 */
export class Predictor extends Module {
  readonly #first: Linear;
  readonly #norm: BatchNorm;
  readonly #second: Linear;

  /** Draws the weights; projections have `size` values D, and the layers `hidden` values H between them. */
  constructor(device: Device, initialiser: Initialiser, size: number, hidden: number) {
    super();
    const narrow = { inFeatures: size, outFeatures: hidden };
    const wide = { inFeatures: hidden, outFeatures: size };
    this.#first = this.child(
      "predictor.0",
      new Linear(device, narrow, initialiser.uniformFanIn(size * hidden, size), null),
    );
    this.#norm = this.child("predictor.1", new BatchNorm(device, hidden));
    const weight = initialiser.uniformFanIn(hidden * size, hidden);
    const bias = initialiser.uniformFanIn(size, hidden);
    this.#second = this.child("predictor.3", new Linear(device, wide, weight, bias));
  }

  /**
   * Training. Each pass is normalised with its own statistics, as in the projector.
   *
   * @param passes projections of two passes, [N, D] f32 each.
   * @returns their predictions, [N, D] f32 each.
   * @throws {ShapeError} if the passes differ in shape.
   */
  forward(
    tape: Recorder,
    passes: readonly [Tensor, Tensor],
    { collective }: { readonly collective?: Collective | undefined } = {},
  ): readonly [Tensor, Tensor] {
    const rows = passes[0].dim(0);
    const hidden = this.#first.forward(tape, concatRows(tape, passes));
    const normed = this.#norm.forward(tape, hidden, { training: true, relu: true, groups: 2, collective });
    const predictions = this.#second.forward(tape, normed);
    return [sliceRows(tape, predictions, 0, rows), sliceRows(tape, predictions, rows, passes[1].dim(0))];
  }
}
