/**
 * One training step, in the order of section 2 of the method.
 *
 * @module
 */
import { type Recorder, Tape } from "../autograd/mod.ts";
import {
  type BudgetOptions,
  type BudgetTerms,
  controlledBudgetTerms,
  costShare,
  openness,
  paperBudgetTerms,
} from "../budget/mod.ts";
import type { Encoding, NoiseSource, Pass } from "../models/mod.ts";
import { binary, type Collective, scale } from "../ops/mod.ts";
import { Scope, type Tensor } from "../tensor/mod.ts";
import { gateTemperature } from "./gate_temperature.ts";
import type { FeatureListener } from "./online_probes.ts";
import type { RunConfig } from "../config/options.ts";
import { downloadScalars, type PendingScalars } from "./pending_scalars.ts";
import { type PassPair, plannedPairs, type PlannedPass } from "./passes.ts";
import { rotated, rotationLoss } from "./rotation.ts";
import { targetsOf } from "./targets.ts";
import type { Trainee } from "./trainee.ts";

/** Weight of the cross-entropy of rotations, as published. */
const ROTATION_WEIGHT = 0.2;

/** What one step is given. */
export interface StepInputs {
  /** Two augmented views of the same images, [N, H, W, 3] each. */
  readonly views: readonly [Tensor, Tensor];
  /** From 0. */
  readonly epoch: number;
  /** Learning rate. */
  readonly rate: number;
  /** Learning rate of the rotation head; `rate` by default. */
  readonly rotationRate?: number;
  /** Share of the run's steps that are done, in 0..1, by which a momentum target slows down; 0 by default. */
  readonly progress?: number;
  /** The price of cost that the controller has set; 0 by default. The published rule does not use it. */
  readonly multiplier?: number;
  /** The noise of the n-th pass of the step. */
  readonly noise: (pass: number) => NoiseSource;
  /** Quarter turns of each image in dense passes, int32 [N], for a network with a rotation head; no turns by default. */
  readonly turns?: Int32Array<ArrayBuffer> | undefined;
  /** Told of every pass's features, before the backward sweep; what it computes is no part of the step. */
  readonly listener?: FeatureListener | undefined;
  /** Exchanges statistics between the run's processes; a single process by default. */
  readonly collective?: Collective;
}

/** The settings that a step reads from the run's configuration. */
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
  | "boundAlpha"
>;

/** Scalars of a step, on their way to the host: reading them waits for the step, and for nothing queued after it. */
export interface StepReport extends PendingScalars {
  /** Reads the scalars: `loss` (the total), the objective's terms, and with gates `macs`, `bound`, `share` and `noiseFreeShare`. */
  read(): Record<string, number>;
}

/**
 * The budget's settings in an epoch: the bounds are tight at first (p = 1) and loosen as p = exp(-alpha epoch), counted from the end of
 * the gate warm-up.
 */
function budgetOptions(config: StepConfig, { epoch, multiplier = 0 }: StepInputs): BudgetOptions {
  const tightness = Math.exp(-config.boundAlpha * Math.max(0, epoch - config.gateWarmup));
  return { target: config.budget, tightness, multiplier };
}

/** The terms of every gated pass by the run's rule. */
const budgetRules = { default: controlledBudgetTerms, paper: paperBudgetTerms } as const;

/** Adds what a gated pass costs without noise. */
interface PassBudget extends BudgetTerms {
  readonly noiseFreeShare: Tensor;
}

/** The sum of scalars times a factor, or null of none. */
function weightedSum(tape: Recorder, scalars: readonly Tensor[], factor: number): Tensor | null {
  if (scalars.length === 0) return null;
  const total = scalars.reduce((sum, scalar) => binary(tape, "add", sum, scalar));
  return factor === 1 ? total : scale(tape, total, factor);
}

/** The means of scalars of the same name over several comparisons. */
function meanTerms(tape: Tape, lists: readonly Readonly<Record<string, Tensor>>[]): Record<string, Tensor> {
  const means: Record<string, Tensor> = {};
  for (const name of Object.keys(lists[0] ?? {})) {
    const mean = weightedSum(tape, lists.flatMap((terms) => terms[name] ?? []), 1 / lists.length);
    if (mean) means[name] = mean;
  }
  return means;
}

/**
 * Forward passes, objective, budget, backward sweep, optimiser.
 *
 * Everything the step allocates is free again at its end but the report.
 */
export function trainingStep(trainee: Trainee, config: StepConfig, inputs: StepInputs): StepReport {
  using _scope = new Scope();
  const { network, objective, momentum, optimizer, cost } = trainee;
  const { views, epoch, collective, turns, listener } = inputs;
  const budgetTerms = budgetRules[config.budgetRule];
  // The encoder computes in its input's element type, so the projector does.
  const precision = views[0].dtype;
  const tape = new Tape();
  const rotations: Tensor[] = [];
  const planned = plannedPairs(config, epoch);
  let passes = 0;

  const contextOf = (pass: Pass, number: number) => ({
    pass,
    noise: inputs.noise(number),
    temperature: gateTemperature(config, epoch),
    collective,
  });
  const imagesOf = ({ pass, view }: PlannedPass): Tensor =>
    pass === "dense" && turns !== undefined ? rotated(views[view], turns) : views[view];
  const encode = (planned: PlannedPass): Encoding => {
    const { pass } = planned;
    const encoding = network.encoderOf(pass).forward({ tape, ...contextOf(pass, passes++) }, imagesOf(planned));
    listener?.(pass, encoding.features);
    if (pass === "dense" && turns !== undefined && network.rotationHead !== null) {
      rotations.push(rotationLoss(tape, network.rotationHead, encoding.features, turns));
    }
    return encoding;
  };
  const budget = budgetOptions(config, inputs);
  // The copy's passes are numbered after the network's own: these draw the same noise with a copy and without.
  let copied = 2 * planned.length;
  const targets = (pair: PassPair) =>
    momentum && targetsOf(
      momentum,
      pair.map((of) => ({ context: contextOf(of.pass, copied++), images: imagesOf(of) })),
      { precision, collective },
    );
  const compare = ([first, second]: PassPair, index: number) => {
    const encodings = [encode(first), encode(second)] as const;
    const features = [encodings[0].features, encodings[1].features] as const;
    const [a, b] = network.projector.forward(tape, features, { precision, collective });
    const value = objective.compute(tape, a, b, { targets: targetsOfPairs[index] ?? undefined, collective });
    const gated = encodings.filter(({ masks }) => masks.length > 0);
    return { ...value, gated };
  };

  const targetsOfPairs = planned.map(targets);
  const pairs = planned.map(compare);
  const terms = meanTerms(tape, pairs.map((pair) => pair.terms));
  const value = weightedSum(tape, pairs.map((pair) => pair.loss), 1 / pairs.length);
  // The terms of the gated passes of one comparison add up; comparisons are averaged.
  const budgets = pairs.flatMap((pair) =>
    pair.gated.map(({ masks, noiseFree }): PassBudget => {
      const noiseFreeShare = costShare(null, openness(null, noiseFree, cost).terms, cost);
      return { ...budgetTerms(tape, masks, cost, budget), noiseFreeShare };
    })
  );
  const macs = weightedSum(tape, budgets.map((of) => of.macs), 1 / pairs.length);
  const bound = weightedSum(tape, budgets.map((of) => of.bound), 1 / pairs.length);
  const share = weightedSum(null, budgets.map((of) => of.share), 1 / budgets.length);
  const noiseFreeShare = weightedSum(null, budgets.map((of) => of.noiseFreeShare), 1 / budgets.length);
  const rotation = weightedSum(tape, rotations, ROTATION_WEIGHT / rotations.length);
  const added = [value, macs, bound, rotation].filter((term) => term !== null);
  const loss = added.reduce((sum, term) => binary(tape, "add", sum, term));
  const scalars = Object.entries({ ...terms, objective: value, macs, bound, rotation, share, noiseFreeShare, loss });
  const reported = new Map(scalars.flatMap(([name, scalar]) => (scalar ? [[name, scalar] as const] : [])));
  for (const scalar of reported.values()) tape.keep(scalar);

  tape.backward(loss);
  optimizer.step(tape, [inputs.rate, inputs.rotationRate ?? inputs.rate]);
  for (const { commit } of pairs) commit?.();
  momentum?.follow(objective.targetMomentum?.(inputs.progress ?? 0) ?? 1);
  return downloadScalars(reported);
}
