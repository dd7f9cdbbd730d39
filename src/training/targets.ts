/**
 * Targets of a comparison: the momentum network's projections of the compared passes.
 *
 * @module
 */
import type { ForwardContext, MomentumNetwork, ProjectionOptions } from "../models/mod.ts";
import type { Targets } from "../objectives/mod.ts";
import { writeRows } from "../ops/mod.ts";
import { ShapeError } from "../errors.ts";
import { Scope, Tensor } from "../tensor/mod.ts";

/** A pass of the momentum network. */
export interface TargetPass {
  /** The context of the pass; targets need no tape. */
  readonly context: Omit<ForwardContext, "tape">;
  /** The view that the trained network's pass sees. */
  readonly images: Tensor;
}

/**
 * The projections of two passes of the momentum network, in training mode (statistics of the batch) and without a tape.
 * Its gates draw their own noise: a target with the trained network's noise would teach it one draw of bits.
 *
 * Call it before the trained network's passes begin: it frees its activations before it returns, and so adds nothing to
 * the peak memory of the step.
 *
 * @param passes the two passes to compare.
 * @returns two targets [N, D] f32, which the innermost open scope owns.
 * @throws {ShapeError} if there are not two passes.
 */
export function targetsOf(
  momentum: MomentumNetwork,
  passes: readonly TargetPass[],
  options: ProjectionOptions,
): Targets {
  const [a, b] = passes.map(({ images }) => new Tensor(images.device, [images.dim(0), momentum.projector.size]));
  if (a === undefined || b === undefined) {
    throw new ShapeError(`targetsOf: ${passes.length} passes: give the two passes to compare`);
  }
  using _scope = new Scope();
  const features = passes.map(({ context, images }) =>
    momentum.encoderOf(context.pass).forward({ ...context, tape: null }, images).features
  );
  const projections = momentum.projector.forward(null, features, options);
  [a, b].forEach((target, index) => {
    const source = projections[index];
    if (source) writeRows(target, 0, source);
  });
  return { a, b };
}
