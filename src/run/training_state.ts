/**
 * All tensors that training moves: the network's, the optimiser's, the objective's own, those of its momentum copy and of the probes.
 *
 * @module
 */
import type { DualNetwork } from "../models/mod.ts";
import { Module } from "../nn/mod.ts";
import type { Optimizer } from "../optim/mod.ts";

/** What is in training besides the network. */
export interface TrainingParts {
  /** What moves the parameters: names begin with `optimizer.`. */
  readonly optimizer?: Optimizer | undefined;
  /** A predictor or queues: names begin with `objective.`. */
  readonly objective?: Module | undefined;
  /** The slow copy: names begin with `momentum.`. */
  readonly momentum?: Module | null | undefined;
  /** The online probes: names begin with `online_probe.`. */
  readonly probes?: Module | null | undefined;
}

/** What the names of training's own tensors begin with: evaluation and exports know nothing of them. */
export const trainingPrefixes: readonly string[] = ["optimizer.", "objective.", "momentum.", "online_probe."];

/** A view of several modules as one: the network's names have no prefix. It owns nothing, and disposing of it frees nothing. */
export class TrainingState extends Module {
  readonly #network: DualNetwork;
  readonly #optimizer: Optimizer | undefined;

  /** Of a network and what is trained with it. */
  constructor(network: DualNetwork, { optimizer, objective, momentum, probes }: TrainingParts) {
    super();
    this.#network = network;
    this.#optimizer = optimizer;
    if (objective) this.child("objective", objective);
    if (momentum) this.child("momentum", momentum);
    if (probes) this.child("online_probe", probes);
  }

  /** The network's parameters, then the others'. */
  override *parameters(prefix = ""): ReturnType<Module["parameters"]> {
    yield* this.#network.parameters(prefix);
    yield* super.parameters(prefix);
  }

  /** The network's buffers, then the others'. */
  override *buffers(prefix = ""): ReturnType<Module["buffers"]> {
    yield* this.#network.buffers(prefix);
    if (this.#optimizer) yield* this.#optimizer.buffers(`${prefix}optimizer.`);
    yield* super.buffers(prefix);
  }

  /** Frees nothing. */
  override [Symbol.dispose](): void {}
}
