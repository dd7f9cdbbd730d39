/**
 * Unit vectors and their cosines, and constants of a batch: what several objectives share.
 *
 * @module
 */
import type { Recorder } from "../autograd/mod.ts";
import { MisuseError } from "../errors.ts";
import { binary, mean, scale, sum, unary } from "../ops/mod.ts";
import { Tensor, unscoped } from "../tensor/mod.ts";
import type { ComparisonContext, Targets } from "./objective.ts";

/** Below the square root of a squared length: 1e-12 squared, so that a vector of zeros stays one, as PyTorch's `normalize` has it. */
const TINY = 1e-24;

/**
 * y_i = z_i / |z_i|. Without a tape it is also the stop-gradient: what it returns is a constant to every tape.
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

/** The product of each row of one with the same row of the other: [N, D] and [N, D] to [N]. */
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

/** The targets of a comparison. @throws {MisuseError} if the context has none. */
export function requireTargets(objective: string, context: ComparisonContext): Targets {
  if (context.targets !== undefined) return context.targets;
  throw new MisuseError(`${objective}: compares with the projections of a momentum copy, and was given none`);
}

/** Constants that follow from the batch's size alone, made when first needed and kept for the steps to come. */
export class BatchConstants implements Disposable {
  readonly #made = new Map<number, Tensor>();

  /** @param make the constant of a batch of so many images. */
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

  /** Frees them. */
  [Symbol.dispose](): void {
    for (const constant of this.#made.values()) constant[Symbol.dispose]();
    this.#made.clear();
  }
}

/** Labels [N] i32 on the device of a tensor. */
export function labels(like: Tensor, values: ArrayLike<number>): Tensor {
  return Tensor.from(like.device, Int32Array.from(values), [values.length]);
}
