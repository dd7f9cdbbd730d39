/**
 * Evaluates a checkpoint of a run: its networks, and the references that an accuracy must exceed.
 *
 * @module
 */
import { missedBudget } from "../budget/missed_budget.ts";
import type { ImageStores } from "../data/mod.ts";
import { InvalidInputError } from "../errors.ts";
import {
  Evaluator,
  type JudgingOptions,
  labelledSets,
  type NetworkEvaluation,
  type NetworkSpeed,
} from "../evaluation/mod.ts";
import { DualNetwork, type Pass } from "../models/mod.ts";
import { type Checkpoint, loadCheckpoint } from "../run/checkpoint.ts";
import { networkOptions, targetOf, trainedNetworks } from "../config/network.ts";
import type { Evaluation } from "../run/evaluation_file.ts";
import type { RunFolder } from "../run/run_folder.ts";
import { isTrained } from "../run/run_length.ts";
import type { Precision } from "../tensor/mod.ts";
import { gatedViews } from "../training/passes.ts";

/** What to evaluate, and how. */
export interface EvaluationOptions extends JudgingOptions {
  /** The networks to evaluate; the run must have trained them. */
  readonly networks: readonly Pass[];
  /** The precision of the networks' passes; f32 by default. What is measured on features is f32. */
  readonly precision?: Precision;
  /** Called with the times of the networks. They are no part of the result, because they never repeat. */
  readonly timed?: (speeds: readonly NetworkSpeed[]) => void;
}

function evaluateNetworks(evaluator: Evaluator, network: DualNetwork, options: EvaluationOptions, label: string) {
  const results: Partial<Record<Pass, NetworkEvaluation>> = {};
  for (const pass of options.networks) {
    options.progress?.(`${label} ${pass} network`);
    results[pass] = evaluator.network(network.encoderOf(pass), pass, options);
  }
  return results;
}

/**
 * Evaluates a checkpoint, the same network untrained, and raw pixels.
 *
 * @param stores the images of the data set.
 * @throws {InvalidInputError} if the run has no such network, the checkpoint is of another network, or the data set has
 * no labels.
 */
export function evaluateRun(
  run: RunFolder,
  checkpoint: Checkpoint,
  stores: ImageStores,
  options: EvaluationOptions,
): Evaluation {
  const { config } = run;
  const { precision = "f32" } = options;
  const missing = options.networks.find((pass) => !trainedNetworks(config.mode).includes(pass));
  if (missing !== undefined) {
    throw new InvalidInputError(`network ${missing}: a ${config.mode} run has no such network; leave --network out`);
  }
  const evaluator = new Evaluator(stores, config.seed, precision, gatedViews(config));
  const { train } = labelledSets(stores.dataset);
  using network = new DualNetwork(stores.device, networkOptions(config, train.height));
  // The masks of untrained gates mean nothing.
  const reference = { ...options, protocols: options.protocols.filter((protocol) => protocol !== "masks") };
  const untrained = evaluateNetworks(evaluator, network, reference, "untrained");
  loadCheckpoint(checkpoint, network);
  const networks = evaluateNetworks(evaluator, network, options, "trained");
  if (options.timed !== undefined) {
    options.progress?.("speed");
    options.timed(evaluator.speeds(options.networks.map((pass) => ({ pass, encoder: network.encoderOf(pass) }))));
  }
  options.progress?.("raw pixels");
  const rawPixels = evaluator.rawPixels(options);
  const { step } = checkpoint.state;
  // The cost of a run that is not done is still on its way to the budget.
  const share = isTrained(checkpoint.state, config) ? networks.gated?.cost.share : undefined;
  const budgetMissed = missedBudget(share, targetOf(config));
  return { run: run.path, step, precision, networks, budgetMissed, references: { rawPixels, untrained } };
}
