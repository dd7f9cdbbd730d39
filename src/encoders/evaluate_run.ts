/**
 * Evaluates a checkpoint of a run: its networks, and the references that an accuracy must exceed.
 *
 * @module
 */
import { missedBudget } from "../budget/missed_budget.ts";
import type { ImageStores } from "../data/mod.ts";
import { InvalidInputError } from "../errors.ts";
import {
  checkLabels,
  judgeOf,
  type JudgingOptions,
  type NearestImages,
  type NetworkEvaluation,
  type NetworkJudge,
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
export interface EvaluationOptions extends Omit<JudgingOptions, "nearest"> {
  /** The networks to evaluate; the run must have trained them. */
  readonly networks: readonly Pass[];
  /** The precision of the networks' passes; f32 by default. What is measured on features is f32. */
  readonly precision?: Precision;
  /** Called with the times of the networks. They are no part of the result, because they never repeat. */
  readonly timed?: (speeds: readonly NetworkSpeed[]) => void;
  /** Called for each network with images beside the images that it finds nearest. Without it none are drawn. */
  readonly pictured?: (network: Pass, nearest: NearestImages) => void;
}

function evaluateNetworks(evaluator: NetworkJudge, network: DualNetwork, options: EvaluationOptions, label: string) {
  const results: Partial<Record<Pass, NetworkEvaluation>> = {};
  for (const pass of options.networks) {
    options.progress?.(`${label} ${pass} network`);
    const { pictured } = options;
    const nearest = pictured && ((images: NearestImages | null) => images && pictured(pass, images));
    results[pass] = evaluator.network(network.encoderOf(pass), pass, { ...options, ...(nearest && { nearest }) });
  }
  return results;
}

/**
 * Evaluates a checkpoint, the same network untrained, and raw pixels. Without labels there are no accuracies, and the
 * protocols must be empty.
 *
 * @param stores the images of the data set.
 * @throws {InvalidInputError} if the run has no such network, the checkpoint is of another network, or the data set has
 * no labels for the protocols.
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
  checkLabels(stores.dataset, options);
  const evaluator = judgeOf(stores, config.seed, precision, gatedViews(config));
  using network = new DualNetwork(stores.device, networkOptions(config, stores.dataset.pretraining.height));
  // The masks and the neighbours of untrained networks mean nothing.
  const { pictured: _, ...shared } = options;
  const reference = { ...shared, protocols: options.protocols.filter((protocol) => protocol !== "masks") };
  const untrained = evaluateNetworks(evaluator, network, reference, "untrained");
  loadCheckpoint(checkpoint, network);
  const networks = evaluateNetworks(evaluator, network, options, "trained");
  if (options.timed !== undefined) {
    options.progress?.("speed");
    options.timed(evaluator.speeds(options.networks.map((pass) => ({ pass, encoder: network.encoderOf(pass) }))));
  }
  if (options.protocols.length > 0) options.progress?.("raw pixels");
  const rawPixels = evaluator.rawPixels(options);
  const { step } = checkpoint.state;
  // The cost of a run that is not done is still on its way to the budget.
  const share = isTrained(checkpoint.state, config) ? networks.gated?.cost.share : undefined;
  const budgetMissed = missedBudget(share, targetOf(config));
  return { run: run.path, step, precision, networks, budgetMissed, references: { rawPixels, untrained } };
}
