/**
 * What a run trains: network, objective and optimiser, made from a configuration.
 *
 * @module
 */
import type { Device } from "../device/mod.ts";
import { DualNetwork, MomentumNetwork, type NetworkCost, networkCost } from "../models/mod.ts";
import { type Objective, objectiveKind } from "../objectives/mod.ts";
import type { Module } from "../nn/mod.ts";
import { type Optimizer, optimizerOf } from "../optim/mod.ts";
import type { RunConfig } from "../config/options.ts";
import { networkOptions, networkSpec } from "../config/network.ts";
import { TrainingState } from "../run/training_state.ts";

/** The parts that a training step works on. */
export interface Trainee extends Disposable {
  /** Encoder and projector. */
  readonly network: DualNetwork;
  /** What the projections are compared by. */
  readonly objective: Objective;
  /** The slow copy that the objective's targets come from; null where it has none. */
  readonly momentum: MomentumNetwork | null;
  /** Moves the weights. */
  readonly optimizer: Optimizer;
  /** MACs of the network at the run's image size. */
  readonly cost: NetworkCost;
}

/**
 * Builds everything.
 *
 * @param seed of the initial weights; null: zeros, to be measured and never trained.
 */
export function createTrainee(
  device: Device,
  config: RunConfig,
  image: number,
  seed: number | null = config.seed,
): Trainee {
  const { invariance, projector, weightDecay } = config;
  const options = { ...networkOptions(config, image), seed };
  const network = new DualNetwork(device, options);
  const objective = objectiveKind(config.objective).create({ device, seed, invariance, size: projector });
  const momentum = objective.targetMomentum === undefined ? null : new MomentumNetwork(device, network, options);
  const trained = new TrainingState(network, { objective: objective.module });
  const optimizer = optimizerOf(config.optimizer, device, new Map(trained.parameters()), { weightDecay });
  return {
    network,
    objective,
    momentum,
    optimizer,
    cost: networkCost(networkSpec(config, image)),
    [Symbol.dispose]: () => {
      optimizer[Symbol.dispose]();
      momentum?.[Symbol.dispose]();
      objective[Symbol.dispose]();
      network[Symbol.dispose]();
    },
  };
}

/** All tensors that change in training. @param probes what learns beside the networks. */
export function trainingState(trainee: Trainee, probes: Module | null): TrainingState {
  const { network, optimizer, objective, momentum } = trainee;
  return new TrainingState(network, { optimizer, objective: objective.module, momentum, probes });
}
