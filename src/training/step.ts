/**
 * One training step, in the order of section 2 of the method: encode passes, compare pairs, budget terms, total,
 * backward.
 *
 * @module
 */
import { Tape } from "../autograd/mod.ts";
import {
  type BudgetOptions,
  type BudgetTerms,
  controlledBudgetTerms,
  maskedShare,
  paperBudgetTerms,
} from "../budget/mod.ts";
import type { RunConfig } from "../config/options.ts";
import type { Encoding, ForwardContext, NoiseSource, Pass, ProjectionOptions } from "../models/mod.ts";
import type { Targets } from "../objectives/mod.ts";
import { binary, type Collective } from "../ops/mod.ts";
import { Scope, type Tensor } from "../tensor/mod.ts";
import type { FeatureListener } from "./online_probes.ts";
import { type PassPair, plannedPairs, type PlannedPass } from "./passes.ts";
import { rotated, rotationLoss } from "./rotation.ts";
import { downloadScalars, meanByName, type PendingScalars, weightedSum } from "./scalars.ts";
import { budgetOptions, gateTemperature } from "./schedules.ts";
import { targetsOf } from "./targets.ts";
import type { Trainee } from "./trainee.ts";

/** Weight of the cross-entropy of rotations, as published. */
const ROTATION_WEIGHT = 0.2;

/** The budget terms of a gated pass, by the run's rule. */
const budgetRules = { default: controlledBudgetTerms, paper: paperBudgetTerms } as const;

/** The images and the settings of one step. */
export interface StepInputs {
  /** Two augmented views of the same images, [N, H, W, 3] each. */
  readonly views: readonly [Tensor, Tensor];
  /** The epoch, counted from 0. */
  readonly epoch: number;
  /** Learning rate. */
  readonly rate: number;
  /** Learning rate of the rotation head; defaults to `rate`. */
  readonly rotationRate?: number;
  /**
   * Share of the run's steps that are done, in 0..1; a momentum network follows more slowly towards the end. Defaults
   * to 0.
   */
  readonly progress?: number;
  /** Target, bounds and price of cost; defaults to {@linkcode budgetOptions} at price 0. */
  readonly budget?: BudgetOptions;
  /** Whether the step has no gates although its run does; false by default. */
  readonly isVanilla?: boolean;
  /** The noise of the step's n-th pass. */
  readonly noise: (pass: number) => NoiseSource;
  /** The factor of the noise; defaults to 1. */
  readonly noiseScale?: number;
  /**
   * Quarter turns of each image in dense passes, int32 [N], for a network with a rotation head; defaults to no turns.
   */
  readonly turns?: Int32Array<ArrayBuffer> | undefined;
  /** Gets the features of every pass before the backward sweep; its own computations take no part in the step. */
  readonly listener?: FeatureListener | undefined;
  /** Exchanges statistics between the run's processes; a single process by default. */
  readonly collective?: Collective;
}

/** The options of a run that a step reads. */
export type StepConfig = Pick<
  RunConfig,
  | "mode"
  | "symmetric"
  | "epochs"
  | "gateWarmup"
  | "gateTemperature"
  | "gateTemperatureEnd"
  | "budget"
  | "budgetRule"
  | "bounds"
  | "boundAlpha"
>;

/** The scalars of a step, on their way to the host. Reading waits for the step, and for nothing queued after it. */
export interface StepReport extends PendingScalars {
  /**
   * Returns `loss` (the total), the objective's terms, and with gates `macs`, `bound`, `share` and `noiseFreeShare`.
   */
  read(): Record<string, number>;
}

/** One step: its network, options and inputs, and the tape that records it. */
interface Step {
  readonly tape: Tape;
  readonly trainee: Trainee;
  readonly config: StepConfig;
  readonly inputs: StepInputs;
  /** The objective compares the projections of each pair. */
  readonly pairs: readonly PassPair[];
}

/** One pass of the network. */
interface EncodedPass extends Encoding {
  /** The rotation head's loss; null if the pass is gated or its view is not turned. */
  readonly rotation: Tensor | null;
}

/** The two passes of a pair. */
type EncodedPair = readonly [EncodedPass, EncodedPass];

/** The objective over all pairs. */
interface Comparison {
  readonly loss: Tensor | null;
  readonly terms: Readonly<Record<string, Tensor>>;
  /** Moves the objective's own state, such as a queue, once the step is done. */
  readonly commits: readonly (() => void)[];
}

/** The budget over all gated passes; null in a step without any. */
type StepBudget = { readonly [Name in keyof BudgetTerms | "noiseFreeShare"]: Tensor | null };

function contextOf({ config, inputs }: Step, pass: Pass, number: number): Omit<ForwardContext, "tape"> {
  const { noise, noiseScale, epoch, collective } = inputs;
  return { pass, noise: noise(number), noiseScale, temperature: gateTemperature(config, epoch), collective };
}

function imagesOf({ views, turns }: StepInputs, { pass, view }: PlannedPass): Tensor {
  return pass === "dense" && turns !== undefined ? rotated(views[view], turns) : views[view];
}

/** The projector computes in the element type of the views, as the encoder does. */
function projectionOptions({ views: [view], collective }: StepInputs): ProjectionOptions {
  return { precision: view.dtype, collective };
}

/**
 * The momentum network's projections of each pair; an empty list without a momentum network. Its passes are numbered
 * after the network's own, so that the network's gates draw the same noise with a momentum network and without.
 */
function encodeTargets(step: Step): Targets[] {
  const { trainee: { momentum }, inputs, pairs } = step;
  if (momentum === null) return [];
  const first = 2 * pairs.length;
  return pairs.map((pair, index) => {
    const passes = pair.map((planned, place) => {
      const context = contextOf(step, planned.pass, first + 2 * index + place);
      return { context, images: imagesOf(inputs, planned) };
    });
    return targetsOf(momentum, passes, projectionOptions(inputs));
  });
}

function encodePass(step: Step, planned: PlannedPass, number: number): EncodedPass {
  const { tape, trainee: { network }, inputs } = step;
  const { pass } = planned;
  const context = { tape, ...contextOf(step, pass, number) };
  const encoding = network.encoderOf(pass).forward(context, imagesOf(inputs, planned));
  inputs.listener?.(pass, encoding.features);
  const head = pass === "dense" ? network.rotationHead : null;
  const { turns } = inputs;
  const rotation = head === null || turns === undefined ? null : rotationLoss(tape, head, encoding.features, turns);
  return { ...encoding, rotation };
}

/** Encodes all passes, numbered in this order: running statistics see the gated pass of a dual pair first. */
function encodePasses(step: Step): EncodedPair[] {
  return step.pairs.map(([first, second], index) => {
    return [encodePass(step, first, 2 * index), encodePass(step, second, 2 * index + 1)];
  });
}

/** Projects and compares the passes of each pair. Losses and terms are means over the pairs. */
function comparePairs(
  { tape, trainee: { network, objective }, inputs }: Step,
  pairs: readonly EncodedPair[],
  targets: readonly Targets[],
): Comparison {
  const values = pairs.map(([first, second], index) => {
    const features = [first.features, second.features] as const;
    const [a, b] = network.projector.forward(tape, features, projectionOptions(inputs));
    return objective.compute(tape, a, b, { targets: targets[index], collective: inputs.collective });
  });
  const terms = meanByName(tape, values.map((value) => value.terms));
  const loss = weightedSum(tape, values.map((value) => value.loss), 1 / values.length);
  return { loss, terms, commits: values.flatMap(({ commit }) => commit ?? []) };
}

/**
 * The budget terms: summed over the gated passes of a pair, and averaged over pairs. Shares are means over gated
 * passes.
 */
function budgetOf({ tape, trainee: { cost }, config, inputs }: Step, pairs: readonly EncodedPair[]): StepBudget {
  const options = inputs.budget ?? budgetOptions(config, inputs.epoch);
  const budgets = pairs.flat().filter(({ masks }) => masks.length > 0).map(({ masks, noiseFree }) => {
    const noiseFreeShare = maskedShare(noiseFree, cost);
    return { ...budgetRules[config.budgetRule](tape, masks, cost, options), noiseFreeShare };
  });
  return {
    macs: weightedSum(tape, budgets.map(({ macs }) => macs), 1 / pairs.length),
    bound: weightedSum(tape, budgets.map(({ bound }) => bound), 1 / pairs.length),
    share: weightedSum(null, budgets.map(({ share }) => share), 1 / budgets.length),
    noiseFreeShare: weightedSum(null, budgets.map((budget) => budget.noiseFreeShare), 1 / budgets.length),
  };
}

function rotationTerm({ tape }: Step, pairs: readonly EncodedPair[]): Tensor | null {
  const losses = pairs.flat().flatMap(({ rotation }) => rotation ?? []);
  return weightedSum(tape, losses, ROTATION_WEIGHT / losses.length);
}

/** The total loss. */
function totalOf({ tape }: Step, terms: readonly (Tensor | null)[]): Tensor {
  return terms.filter((term) => term !== null).reduce((sum, term) => binary(tape, "add", sum, term));
}

/** Backward sweep and optimiser; then the momentum network follows the network. */
function backward({ tape, trainee, inputs }: Step, loss: Tensor, { commits }: Comparison): void {
  const { objective, momentum, optimizer } = trainee;
  const { rate, rotationRate = rate, progress = 0 } = inputs;
  tape.backward(loss);
  optimizer.step(tape, [rate, rotationRate]);
  for (const commit of commits) commit();
  momentum?.follow(objective.targetMomentum?.(progress) ?? 1);
}

/** All scalars of a step that exist, by name, kept through the backward sweep. */
function reportedScalars({ tape }: Step, scalars: Readonly<Record<string, Tensor | null>>): Map<string, Tensor> {
  const reported = new Map(Object.entries(scalars).filter((entry): entry is [string, Tensor] => entry[1] !== null));
  for (const scalar of reported.values()) tape.keep(scalar);
  return reported;
}

/**
 * Trains the network on one batch.
 *
 * At the end of the step everything that it allocated is free again, except the report.
 */
export function trainingStep(trainee: Trainee, config: StepConfig, inputs: StepInputs): StepReport {
  using _scope = new Scope();
  const step: Step = { tape: new Tape(), trainee, config, inputs, pairs: plannedPairs(config, inputs.isVanilla) };
  const targets = encodeTargets(step);
  const pairs = encodePasses(step);
  const comparison = comparePairs(step, pairs, targets);
  const { macs, bound, ...shares } = budgetOf(step, pairs);
  const rotation = rotationTerm(step, pairs);
  const loss = totalOf(step, [comparison.loss, macs, bound, rotation]);
  const terms = { ...comparison.terms, objective: comparison.loss, macs, bound, rotation };
  const reported = reportedScalars(step, { ...terms, ...shares, loss });
  backward(step, loss, comparison);
  return downloadScalars(reported);
}
