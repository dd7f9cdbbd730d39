/**
 * What several objectives share: unit vectors, cosines, and constants of a batch.
 *
 * @module
 */
import type { Recorder } from "../autograd/mod.ts";
import { MisuseError } from "../errors.ts";
import { binary, mean, scale, sum, unary } from "../ops/mod.ts";
import { Tensor, unscoped } from "../tensor/mod.ts";
import type { ComparisonContext, Targets } from "./objective.ts";

/**
 * Added to squared lengths under the root: 1e-12 squared. It keeps vectors of zeros at zero, as PyTorch's `normalize`
 * does.
 */
const TINY = 1e-24;

/**
 * y_i = z_i / |z_i|. Without a tape it is also the stop-gradient: the result is a constant to every tape.
 *
 * @param z [N, D] f32.
 * @returns [N, D] f32.
 */
export function normaliseRows(tape: Recorder, z: Tensor): Tensor {
  const squares = sum(tape, unary(tape, "square", z), "columns");
  return binary(tape, "divide", z, unary(tape, "sqrt", scale(tape, squares, 1, TINY)), "column");
}

/**
 * y_ij = z_ij / |column j of z|.
 *
 * @param z [N, D] f32.
 * @returns [N, D] f32.
 */
export function normaliseColumns(tape: Recorder, z: Tensor): Tensor {
  const squares = sum(tape, unary(tape, "square", z), "rows");
  return binary(tape, "divide", z, unary(tape, "sqrt", scale(tape, squares, 1, TINY)), "row");
}

/** The dot products of equal rows of a and b: [N, D] and [N, D] to [N]. */
export function rowProducts(tape: Recorder, a: Tensor, b: Tensor): Tensor {
  return sum(tape, binary(tape, "multiply", a, b), "columns");
}

/**
 * The mean over rows of the cosine between prediction and target; no gradient reaches the target.
 *
 * @param prediction [N, D] f32.
 * @param target [N, D] f32.
 * @returns [1] f32.
 */
export function meanCosine(tape: Recorder, prediction: Tensor, target: Tensor): Tensor {
  return mean(tape, rowProducts(tape, normaliseRows(tape, prediction), normaliseRows(null, target)));
}

/** (x + y) factor, both [1]. */
export function weightedPair(tape: Recorder, x: Tensor, y: Tensor, factor: number): Tensor {
  return scale(tape, binary(tape, "add", x, y), factor);
}

/** The targets of a comparison. @throws {MisuseError} if it has none. */
export function requireTargets(objective: string, context: ComparisonContext): Targets {
  if (context.targets !== undefined) return context.targets;
  throw new MisuseError(`${objective}: targets are missing; give the projections of a momentum copy`);
}

/** Constants that depend on the batch's size alone, made when first needed and kept for later steps. */
export class BatchConstants implements Disposable {
  readonly #made = new Map<number, Tensor>();

  /** @param make makes the constant for a number of images, on the device of `like`. */
  constructor(readonly make: (like: Tensor, images: number) => Tensor) {}

  /** The constant for projections [N, D], on their device. */
  for(projections: Tensor): Tensor {
    const images = projections.dim(0);
    let constant = this.#made.get(images);
    if (constant === undefined) {
      constant = unscoped(() => this.make(projections, images));
      this.#made.set(images, constant);
    }
    return constant;
  }

  /** Frees all constants. */
  [Symbol.dispose](): void {
    for (const constant of this.#made.values()) constant[Symbol.dispose]();
    this.#made.clear();
  }
}

/** Labels [N] i32 on the device of a tensor. */
export function labels(like: Tensor, values: ArrayLike<number>): Tensor {
  return Tensor.from(like.device, Int32Array.from(values), [values.length]);
}
