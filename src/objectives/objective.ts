/**
 * The contract of a self-supervised objective.
 *
 * @module
 */
import type { Recorder } from "../autograd/mod.ts";
import type { Device } from "../device/mod.ts";
import type { Module } from "../nn/mod.ts";
import type { Collective } from "../ops/mod.ts";
import type { Tensor } from "../tensor/mod.ts";

/** A loss and its terms, each [1] f32. */
export interface ObjectiveValue {
  /** The value that training minimises. */
  readonly loss: Tensor;
  /** The unweighted terms, by the names that metrics record. */
  readonly terms: Readonly<Record<string, Tensor>>;
  /**
   * Updates the objective's own state: a queue takes the step's keys. Call it once, after the last comparison of a step
   * and before the step's scope ends, and once more whenever a recorded comparison has been repeated. Missing if there
   * is no state.
   */
  readonly commit?: () => void;
}

/** The momentum copy's projections for the two passes that are compared, [N, D] f32 each. */
export interface Targets {
  /** From the same pass and view as the projections `a`. */
  readonly a: Tensor;
  /** From the same pass and view as the projections `b`. */
  readonly b: Tensor;
}

/** The inputs of a comparison besides projections. */
export interface ComparisonContext {
  /** Needed if the objective has a {@linkcode Objective.targetMomentum}. */
  readonly targets?: Targets | undefined;
  /** Exchanges statistics between the run's processes; a single process by default. */
  readonly collective?: Collective | undefined;
}

/** Compares the projections of two views of the same images. */
export interface Objective extends Disposable {
  /** Parameters that are trained with the network, and buffers that change in training. Checkpoints hold them. */
  readonly module?: Module;
  /**
   * m in copy = m copy + (1 - m) network, by which a momentum copy of encoder and projector follows after a step, as a
   * function of the share of the run's steps that are done, in 0..1. Missing if the objective needs no copy.
   */
  readonly targetMomentum?: (progress: number) => number;
  /**
   * Compares two sets of projections.
   *
   * @param a projections of the first pass, [N, D] f32, N >= 2.
   * @param b projections of the second pass, [N, D] f32.
   * @throws {ShapeError} if the shapes differ. @throws {MisuseError} if targets are missing.
   */
  compute(tape: Recorder, a: Tensor, b: Tensor, context?: ComparisonContext): ObjectiveValue;
}

/** What an objective is built from. */
export interface ObjectiveParts {
  /** Holds the objective's own parameters. */
  readonly device: Device;
  /** D, the size of the projections. */
  readonly size: number;
  /** Seed of the run, or null for weights and queues of 0 in an objective that is only measured. */
  readonly seed: number | null;
  /** Whether VICReg has its invariance term; true by default. */
  readonly invariance?: boolean;
}

/** A kind of objective, selected by its name before a device is open. */
export interface ObjectiveKind {
  /** The name on the command line. */
  readonly name: string;
  /** One line for people. */
  readonly description: string;
  /**
   * Factor of the controller's price, 1 for VICReg. The gradients of other losses are smaller, and VICReg's price would
   * outweigh them. The factor is about the square root of the gradients' ratio: the ratio itself gives less noise, but
   * too slow a loop.
   */
  readonly priceScale: number;
  /** Builds the objective with the reference implementation's settings. Disposing it frees its tensors. */
  create(parts: ObjectiveParts): Objective;
}
