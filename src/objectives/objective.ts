/**
 * What a self-supervised objective is.
 *
 * @module
 */
import type { Recorder } from "../autograd/mod.ts";
import type { Device } from "../device/mod.ts";
import type { Module } from "../nn/mod.ts";
import type { Collective } from "../ops/mod.ts";
import type { Tensor } from "../tensor/mod.ts";

/** A loss and the terms it is made of, each [1] f32. */
export interface ObjectiveValue {
  /** What is minimised. */
  readonly loss: Tensor;
  /** The terms before their weights, by name. */
  readonly terms: Readonly<Record<string, Tensor>>;
  /**
   * Moves the objective's own state on (a queue takes the step's keys). To be called once, after the last comparison of a step and
   * before the step's scope ends; left out where there is no state.
   */
  readonly commit?: () => void;
}

/** What the momentum copy of encoder and projector makes of the two passes that are compared, [N, D] f32 each. */
export interface Targets {
  /** Of the pass and view that `a` is of. */
  readonly a: Tensor;
  /** Of the pass and view that `b` is of. */
  readonly b: Tensor;
}

/** What a comparison is given besides projections. */
export interface ComparisonContext {
  /** There where the objective has a {@linkcode Objective.targetMomentum}. */
  readonly targets?: Targets | undefined;
  /** The other processes of the run. */
  readonly collective?: Collective | undefined;
}

/** Compares the projections of two views of the same images. */
export interface Objective extends Disposable {
  /** Parameters that are trained with the network and buffers that move in training: the optimiser and checkpoints take them in. */
  readonly module?: Module;
  /**
   * Share m that a momentum copy of encoder and projector keeps of itself when it follows the network after a step,
   * copy = m copy + (1 - m) network, by the share of the run's steps that are done, in 0..1. Where left out, there is no copy.
   */
  readonly targetMomentum?: (progress: number) => number;
  /**
   * Compares two sets of projections.
   *
   * @param a projections of the first pass, [N, D] f32, N >= 2.
   * @param b projections of the second pass, [N, D] f32.
   * @throws {ShapeError} where shapes differ, or targets are missing.
   */
  compute(tape: Recorder, a: Tensor, b: Tensor, context?: ComparisonContext): ObjectiveValue;
}

/** What an objective is built for. */
export interface ObjectiveParts {
  /** Where its own parameters live. */
  readonly device: Device;
  /** D, size of the projections. */
  readonly size: number;
  /** Seed of the run; null: weights and queues of 0, in an objective that is measured and never trained with. */
  readonly seed: number | null;
  /** Whether VICReg has its invariance term; true by default. */
  readonly invariance?: boolean;
}

/** An objective as it is chosen: by name, before there is a device. */
export interface ObjectiveKind {
  /** The name on the command line. */
  readonly name: string;
  /** One line for people. */
  readonly description: string;
  /**
   * What a controlled price of cost is multiplied by. Each loss has gradients of its own size, and a price that VICReg's (1) just feels
   * would drown the others'. About the square root of their ratio: with the ratio itself noise is least, and the loop is too slow.
   */
  readonly priceScale: number;
  /** Builds it with the reference implementation's settings; what it owns is freed with it. */
  create(parts: ObjectiveParts): Objective;
}
