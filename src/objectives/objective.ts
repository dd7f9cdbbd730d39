/**
 * What a self-supervised objective is.
 *
 * @module
 */
import type { Recorder } from "../autograd/mod.ts";
import type { Tensor } from "../tensor/mod.ts";

/** A loss and the terms it is made of, each [1] f32. */
export interface ObjectiveValue {
  /** What is minimised. */
  readonly loss: Tensor;
  /** The terms before their weights, by name. */
  readonly terms: Readonly<Record<string, Tensor>>;
}

/** Compares the projections of two views of the same images. */
export interface Objective {
  /** The name on the command line. */
  readonly name: string;
  /** One line for people. */
  readonly description: string;
  /**
   * Compares two sets of projections.
   *
   * @param a projections of the first view, [N, D] f32, N >= 2.
   * @param b projections of the second view, [N, D] f32.
   */
  compute(tape: Recorder, a: Tensor, b: Tensor): ObjectiveValue;
}
