/**
 * Targets of a comparison: what the momentum network makes of the passes that are compared.
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
  /** The pass, without a tape. */
  readonly context: Omit<ForwardContext, "tape">;
  /** The view that the network's own pass sees. */
  readonly images: Tensor;
}

/**
 * The projections of two passes of the momentum network: in training mode with the batch's statistics, without a tape.
 * Gates draw noise of their own: the copy is another network, and the network is not to match one draw of bits.
 *
 * Called before the network's own passes begin, it adds nothing to the step's memory: its activations are free again
 * when it returns.
 *
 * @param passes two of them.
 * @returns [N, D] f32 each, the innermost open scope's.
 */
export function targetsOf(
  momentum: MomentumNetwork,
  passes: readonly TargetPass[],
  options: ProjectionOptions,
): Targets {
  const [a, b] = passes.map(({ images }) => new Tensor(images.device, [images.dim(0), momentum.projector.size]));
  if (a === undefined || b === undefined) throw new ShapeError(`targets of ${passes.length} passes, where two compare`);
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
