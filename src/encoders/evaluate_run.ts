/**
 * Evaluates a checkpoint of a run: its networks, and the references that an accuracy must exceed.
 *
 * @module
 */
import { usualCost } from "../config/budget_range.ts";
import { missedBudget } from "../budget/missed_budget.ts";
import type { Dataset, ImageStores } from "../data/mod.ts";
import {
  checkLabels,
  judgeOf,
  type JudgingOptions,
  type NearestImages,
  type NetworkEvaluation,
  type NetworkJudge,
  type NetworkSpeed,
  type SlimSize,
} from "../evaluation/mod.ts";
import { DualNetwork, type GatedResNet, type NetworkName, passOf } from "../models/mod.ts";
import { type Checkpoint, loadCheckpoint } from "../run/checkpoint.ts";
import { networkOptions, targetOf } from "../config/network.ts";
import type { BudgetEvaluation, Evaluation } from "../run/evaluation_file.ts";
import type { RunFolder } from "../run/run_folder.ts";
import { isTrained } from "../run/run_length.ts";
import type { Precision } from "../tensor/mod.ts";
import { gatedViews } from "../training/passes.ts";
import { cutSlim, cutSlimOf, refuseMissing, refuseUnfitted, slimSize } from "./slim_run.ts";

/** What to evaluate, and how. */
export interface EvaluationOptions extends Omit<JudgingOptions, "nearest"> {
  /** The networks to evaluate; the run must give them. */
  readonly networks: readonly NetworkName[];
  /** The size of the slim network; by default of the run's budget, {@linkcode slimSize}. */
  readonly slim?: Partial<SlimSize>;
  /** Costs to judge the gated network at, of a run that serves many; none by default. */
  readonly budgets?: readonly number[];
  /** The run's own images, if it is judged by others: the slim network is cut by them. */
  readonly own?: Dataset | undefined;
  /** Paths of damaged images; may grow while images are read. They count for nothing without labels. */
  readonly damaged?: ReadonlySet<string>;
  /** The precision of the networks' passes; f32 by default. What is measured on features is f32. */
  readonly precision?: Precision;
  /** Called with the times of the networks. They are no part of the result, because they never repeat. */
  readonly timed?: (speeds: readonly NetworkSpeed[]) => void;
  /** Called for each network with images beside the images that it finds nearest. Without it none are drawn. */
  readonly pictured?: (network: NetworkName, nearest: NearestImages) => void;
}

/** A network to evaluate. */
interface NamedEncoder {
  readonly name: NetworkName;
  readonly encoder: GatedResNet;
}

function evaluateNetworks(
  evaluator: NetworkJudge,
  networks: readonly NamedEncoder[],
  options: EvaluationOptions,
  label: string,
) {
  const { pictured } = options;
  const results: Partial<Record<NetworkName, NetworkEvaluation>> = {};
  for (const { name, encoder } of networks) {
    options.progress?.(`${label} ${name} network`);
    const nearest = pictured && ((images: NearestImages | null) => images && pictured(name, images));
    results[name] = evaluator.network(encoder, name, { ...options, ...(nearest && { nearest }) });
  }
  return results;
}

/** Judges the gated network at each of the costs asked for, and leaves it at the last; null if none is. */
function evaluateBudgets(
  evaluator: NetworkJudge,
  encoder: GatedResNet,
  { budgets = [], pictured: _, ...options }: EvaluationOptions,
): BudgetEvaluation[] | null {
  const judging = { ...options, protocols: options.protocols.filter((protocol) => protocol !== "masks") };
  if (encoder.ladder === null || budgets.length === 0) return null;
  return budgets.map((budget): BudgetEvaluation => {
    options.progress?.(`gated network at ${budget}`);
    encoder.serveCost(budget);
    return { budget, ...evaluator.network(encoder, "gated", judging) };
  });
}

/**
 * Evaluates a checkpoint, the same network untrained, and raw pixels. Without labels there are no accuracies, and the
 * protocols must be empty.
 *
 * @param stores the images of the data set.
 * @throws {InvalidInputError} if the run has no such network, the checkpoint is of another network, the data set has no
 * labels for the protocols, or no slim network is that small.
 */
export function evaluateRun(
  run: RunFolder,
  checkpoint: Checkpoint,
  stores: ImageStores,
  options: EvaluationOptions,
): Evaluation {
  const { config } = run;
  const { precision = "f32" } = options;
  for (const name of options.networks) {
    refuseMissing(name, config);
    if (name !== "dense") refuseUnfitted(config, checkpoint);
  }
  checkLabels(stores.dataset, options);
  const evaluator = judgeOf(stores, config.seed, precision, gatedViews(config), options.damaged);
  using network = new DualNetwork(stores.device, networkOptions(config, stores.dataset.pretraining.height));
  // The masks and the neighbours of untrained networks mean nothing.
  const { pictured: _, ...shared } = options;
  const reference = { ...shared, protocols: options.protocols.filter((protocol) => protocol !== "masks") };
  const trained = options.networks.filter((name) => name !== "slim").map((name) => {
    return { name, encoder: network.encoderOf(passOf(name)) };
  });
  const { ladder } = network.encoderOf("gated");
  if (ladder !== null) network.encoderOf("gated").setOpening(ladder.openFor(usualCost(config.budget)));
  const untrained = evaluateNetworks(evaluator, trained, reference, "untrained");
  loadCheckpoint(checkpoint, network);
  using owned = new DisposableStack();
  const size = slimSize(config, options.slim ?? {});
  const { own } = options;
  const cut = () => {
    return own === undefined
      ? cutSlim(network, stores, size)
      : cutSlimOf(config, network, { dataset: own, size, skipped: () => {} });
  };
  const all: readonly NamedEncoder[] = options.networks.includes("slim")
    ? [...trained, { name: "slim", encoder: owned.use(cut()).encoder }]
    : trained;
  if (ladder !== null) network.encoderOf("gated").serveCost(usualCost(config.budget));
  const networks = evaluateNetworks(evaluator, all, options, "trained");
  const budgets = evaluateBudgets(evaluator, network.encoderOf("gated"), options);
  if (options.timed !== undefined) {
    options.progress?.("speed");
    options.timed(evaluator.speeds(all));
  }
  if (options.protocols.length > 0) options.progress?.("raw pixels");
  const rawPixels = evaluator.rawPixels(options);
  const { step } = checkpoint.state;
  // The cost of a run that is not done is still on its way to the budget.
  const share = isTrained(checkpoint.state, config) ? networks.gated?.cost.share : undefined;
  const budgetMissed = missedBudget(share, targetOf(config));
  const references = { rawPixels, untrained };
  return { run: run.path, step, precision, networks, ...(budgets && { budgets }), budgetMissed, references };
}
