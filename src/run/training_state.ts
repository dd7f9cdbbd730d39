/**
 * All tensors that training changes: those of network, optimiser, objective, momentum copy and online probes.
 *
 * @module
 */
import type { DualNetwork } from "../models/mod.ts";
import { Module } from "../nn/mod.ts";
import type { Optimizer } from "../optim/mod.ts";

/** The parts of training besides the network. */
export interface TrainingParts {
  /** The optimiser; its names begin with `optimizer.`. */
  readonly optimizer?: Optimizer | undefined;
  /** The objective's predictor or queue; names begin with `objective.`. */
  readonly objective?: Module | undefined;
  /** The momentum copy; names begin with `momentum.`. */
  readonly momentum?: Module | null | undefined;
  /** The online probes; names begin with `online_probe.`. */
  readonly probes?: Module | null | undefined;
}

/** Prefixes of the tensors that only training uses. Evaluation and export pass over them. */
export const trainingPrefixes: readonly string[] = ["optimizer.", "objective.", "momentum.", "online_probe."];

/** All parts of training as one module. The network's names have no prefix. It does not own its parts. */
export class TrainingState extends Module {
  readonly #network: DualNetwork;
  readonly #optimizer: Optimizer | undefined;

  /** Combines a network with the other parts. */
  constructor(network: DualNetwork, { optimizer, objective, momentum, probes }: TrainingParts) {
    super();
    this.#network = network;
    this.#optimizer = optimizer;
    if (objective) this.child("objective", objective);
    if (momentum) this.child("momentum", momentum);
    if (probes) this.child("online_probe", probes);
  }

  /** The parameters of the network, then of the other parts. */
  override *parameters(prefix = ""): ReturnType<Module["parameters"]> {
    yield* this.#network.parameters(prefix);
    yield* super.parameters(prefix);
  }

  /** The buffers of the network, then of the other parts. */
  override *buffers(prefix = ""): ReturnType<Module["buffers"]> {
    yield* this.#network.buffers(prefix);
    if (this.#optimizer) yield* this.#optimizer.buffers(`${prefix}optimizer.`);
    yield* super.buffers(prefix);
  }

  /** Does nothing: the parts belong to others. */
  override [Symbol.dispose](): void {}
}
