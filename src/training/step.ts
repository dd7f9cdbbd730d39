/**
 * One training step, in the order of section 2 of the method: encode passes, compare pairs, budget terms, total,
 * backward.
 *
 * @module
 */
import { Tape } from "../autograd/mod.ts";
import { type BudgetTerms, controlledBudgetTerms, maskedShare, paperBudgetTerms } from "../budget/mod.ts";
import type { Encoding, ForwardContext, Pass, ProjectionOptions } from "../models/mod.ts";
import type { Targets } from "../objectives/mod.ts";
import { binary, type Collective, rotate } from "../ops/mod.ts";
import { Scope, type Tensor } from "../tensor/mod.ts";
import { type PassPair, plannedPairs, type PlannedPass } from "./passes.ts";
import { rotationLoss } from "./rotation.ts";
import { meanByName, type PendingScalars, type StackedScalars, stackScalars, weightedSum } from "./scalars.ts";
import { type StepConfig, type StepConstants, stepConstants, type StepInputs } from "./step_inputs.ts";
import { type StepOperands, stepOperands } from "./step_operands.ts";
import { targetsOf } from "./targets.ts";
import type { Trainee } from "./trainee.ts";

/** Weight of the cross-entropy of rotations, as published. */
const ROTATION_WEIGHT = 0.2;

/** The budget terms of a gated pass, by the run's rule. */
const budgetRules = { default: controlledBudgetTerms, paper: paperBudgetTerms } as const;

/** The scalars of a step, on their way to the host. Reading waits for the step, and for nothing queued after it. */
export interface StepReport extends PendingScalars {
  /**
   * Returns `loss` (the total), the objective's terms, and with gates `macs`, `bound`, `share` and `noiseFreeShare`.
   */
  read(): Record<string, number>;
}

/** One step: its network, options and operands, and the tape that records it. */
interface Step {
  readonly tape: Tape;
  readonly trainee: Trainee;
  readonly config: StepConfig;
  readonly constants: StepConstants;
  readonly operands: StepOperands;
  readonly collective: Collective | undefined;
  /** The objective compares the projections of each pair. */
  readonly pairs: readonly PassPair[];
}

/** What a step has computed before its update. */
export interface ComputedStep {
  /** Holds the gradients. */
  readonly tape: Tape;
  /** The features of every pass, in order. */
  readonly features: readonly (readonly [Pass, Tensor])[];
  /** The scalars to report. */
  readonly scalars: StackedScalars;
  /** Moves the objective's own state, such as a queue, once the step is done. */
  readonly commits: readonly (() => void)[];
}

/** One pass of the network. */
interface EncodedPass extends Encoding {
  readonly pass: Pass;
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

function contextOf({ operands, collective }: Step, pass: Pass, number: number): Omit<ForwardContext, "tape"> {
  return { pass, noise: operands.noise(number), collective };
}

function imagesOf({ views, turns }: StepOperands, { pass, view }: PlannedPass): Tensor {
  return pass === "dense" && turns !== null ? rotate(views[view], turns) : views[view];
}

/** The projector computes in the element type of the views, as the encoder does. */
function projectionOptions({ operands: { views: [view] }, collective }: Step): ProjectionOptions {
  return { precision: view.dtype, collective };
}

/**
 * The momentum network's projections of each pair; an empty list without a momentum network. Its passes are numbered
 * after the network's own, so that the network's gates draw the same noise with a momentum network and without.
 */
function encodeTargets(step: Step): Targets[] {
  const { trainee: { momentum }, operands, pairs } = step;
  if (momentum === null) return [];
  const first = 2 * pairs.length;
  return pairs.map((pair, index) => {
    const passes = pair.map((planned, place) => {
      const context = contextOf(step, planned.pass, first + 2 * index + place);
      return { context, images: imagesOf(operands, planned) };
    });
    return targetsOf(momentum, passes, projectionOptions(step));
  });
}

function encodePass(step: Step, planned: PlannedPass, number: number): EncodedPass {
  const { tape, trainee: { network }, operands } = step;
  const { pass } = planned;
  const context = { tape, ...contextOf(step, pass, number) };
  const encoding = network.encoderOf(pass).forward(context, imagesOf(operands, planned));
  const head = pass === "dense" ? network.rotationHead : null;
  const { turns } = operands;
  const rotation = head === null || turns === null ? null : rotationLoss(tape, head, encoding.features, turns);
  return { ...encoding, pass, rotation };
}

/** Encodes all passes, numbered in this order: running statistics see the gated pass of a dual pair first. */
function encodePasses(step: Step): EncodedPair[] {
  return step.pairs.map(([first, second], index) => {
    return [encodePass(step, first, 2 * index), encodePass(step, second, 2 * index + 1)];
  });
}

/** Projects and compares the passes of each pair. Losses and terms are means over the pairs. */
function comparePairs(step: Step, pairs: readonly EncodedPair[], targets: readonly Targets[]): Comparison {
  const { tape, trainee: { network, objective }, collective } = step;
  const values = pairs.map(([first, second], index) => {
    const features = [first.features, second.features] as const;
    const [a, b] = network.projector.forward(tape, features, projectionOptions(step));
    return objective.compute(tape, a, b, { targets: targets[index], collective });
  });
  const terms = meanByName(tape, values.map((value) => value.terms));
  const loss = weightedSum(tape, values.map((value) => value.loss), 1 / values.length);
  return { loss, terms, commits: values.flatMap(({ commit }) => commit ?? []) };
}

/**
 * The budget terms: summed over the gated passes of a pair, and averaged over pairs. Shares are means over gated
 * passes. A ladder costs what it is told to, and has shares alone.
 */
function budgetOf(step: Step, pairs: readonly EncodedPair[]): StepBudget {
  const { tape, trainee: { cost, network }, config, constants, operands: { price } } = step;
  const gated = pairs.flat().filter(({ masks }) => masks.length > 0);
  const meanOf = (shares: readonly Tensor[]) => weightedSum(null, shares, 1 / shares.length);
  const noiseFreeShare = meanOf(gated.map(({ noiseFree }) => maskedShare(noiseFree, cost)));
  if (network.encoderOf("gated").ladder !== null) {
    return {
      macs: null,
      bound: null,
      share: meanOf(gated.map(({ masks }) => maskedShare(masks, cost))),
      noiseFreeShare,
    };
  }
  const budgets = gated.map(({ masks }) => budgetRules[config.budgetRule](tape, masks, cost, constants, price));
  return {
    macs: weightedSum(tape, budgets.map(({ macs }) => macs), 1 / pairs.length),
    bound: weightedSum(tape, budgets.map(({ bound }) => bound), 1 / pairs.length),
    share: meanOf(budgets.map(({ share }) => share)),
    noiseFreeShare,
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

/** All scalars of a step that exist, by name, kept through the backward sweep. */
function reportedScalars({ tape }: Step, scalars: Readonly<Record<string, Tensor | null>>): Map<string, Tensor> {
  const reported = new Map(Object.entries(scalars).filter((entry): entry is [string, Tensor] => entry[1] !== null));
  for (const scalar of reported.values()) tape.keep(scalar);
  return reported;
}

/**
 * Forward and backward sweep. Whatever it reads that changes from step to step is in the operands, on the device, so
 * that it can be recorded and repeated. Weights and the objective's own state stay as they are.
 *
 * @returns what {@linkcode finishStep} needs; the innermost open scope owns the tensors.
 */
export function computeStep(
  trainee: Trainee,
  config: StepConfig,
  constants: StepConstants,
  operands: StepOperands,
  collective?: Collective,
): ComputedStep {
  const planned = plannedPairs(config, constants.isVanilla);
  const step: Step = { tape: new Tape(), trainee, config, constants, operands, collective, pairs: planned };
  const targets = encodeTargets(step);
  const pairs = encodePasses(step);
  const comparison = comparePairs(step, pairs, targets);
  const { macs, bound, ...shares } = budgetOf(step, pairs);
  const rotation = rotationTerm(step, pairs);
  const loss = totalOf(step, [comparison.loss, macs, bound, rotation]);
  const terms = { ...comparison.terms, objective: comparison.loss, macs, bound, rotation };
  const reported = reportedScalars(step, { ...terms, ...shares, loss });
  const features = constants.keepsFeatures ? pairs.flat().map(({ pass, features }) => [pass, features] as const) : [];
  for (const [, tensor] of features) step.tape.keep(tensor);
  step.tape.backward(loss);
  return { tape: step.tape, features, scalars: stackScalars(reported), commits: comparison.commits };
}

/**
 * Optimiser; then the momentum network follows the network, and the listener gets the features.
 *
 * @returns the scalars, on their way to the host.
 */
export function finishStep(trainee: Trainee, inputs: StepInputs, computed: ComputedStep): StepReport {
  const { objective, momentum, optimizer } = trainee;
  const { rate, rotationRate = rate, progress = 0, listener } = inputs;
  optimizer.step(computed.tape, [rate, rotationRate]);
  for (const commit of computed.commits) commit();
  momentum?.follow(objective.targetMomentum?.(progress) ?? 1);
  for (const [pass, features] of computed.features) listener?.(pass, features);
  return computed.scalars.download();
}

/**
 * Trains the network on one batch.
 *
 * At the end of the step everything that it allocated is free again, except the report.
 */
export function trainingStep(trainee: Trainee, config: StepConfig, inputs: StepInputs): StepReport {
  using _scope = new Scope();
  const operands = stepOperands(trainee.network.device, config, inputs);
  const computed = computeStep(trainee, config, stepConstants(config, inputs), operands, inputs.collective);
  return finishStep(trainee, inputs, computed);
}
