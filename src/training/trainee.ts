/**
 * Builds what a run trains from its configuration: network, objective and optimiser.
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

/** Network, objective and optimiser of a run. */
export interface Trainee extends Disposable {
  /** Both encoders and the projector. */
  readonly network: DualNetwork;
  /** Compares projections. */
  readonly objective: Objective;
  /** The momentum copy that computes the objective's targets; null if the objective has no targets. */
  readonly momentum: MomentumNetwork | null;
  /** Updates the weights. */
  readonly optimizer: Optimizer;
  /** MACs of the network at the image size of the run. */
  readonly cost: NetworkCost;
}

/**
 * Builds network, objective and optimiser.
 *
 * @param image height and width of the images in pixels.
 * @param seed seed of the initial weights; null gives zeros, for a network that is measured and never trained.
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

/** Sets what is added to the logits of all gates, those of the momentum network among them. */
export function openGates({ network, momentum }: Pick<Trainee, "network" | "momentum">, opening: number): void {
  network.encoderOf("gated").setOpening(opening);
  momentum?.encoderOf("gated").setOpening(opening);
}

/** Gives the gated norms the state of the dense norms, in the momentum network as well. */
export function copyNorms({ network, momentum }: Pick<Trainee, "network" | "momentum">): void {
  network.encoderOf("gated").copyNorms();
  momentum?.encoderOf("gated").copyNorms();
}

/** Frees the packed copies of all weights. They are made again when an operation needs them. */
export function freeCopies({ network, objective, momentum }: Trainee): void {
  network.freeCopies();
  objective.module?.freeCopies();
  momentum?.freeCopies();
}

/** All tensors that change in training. @param probes the online probes, or null. */
export function trainingState(trainee: Trainee, probes: Module | null): TrainingState {
  const { network, optimizer, objective, momentum } = trainee;
  return new TrainingState(network, { optimizer, objective: objective.module, momentum, probes });
}
