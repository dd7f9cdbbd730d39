/**
 * Summarises over the seeds how accurate gated networks are under different masks.
 *
 * @module
 */
import type { FeatureAccuracy, JudgedMasks, MaskWorth, NetworkEvaluation } from "../evaluation/mod.ts";
import { staticWorthOf } from "../evaluation/mask_worth.ts";
import { deployedWay, staticWayNames, staticWays } from "../evaluation/protocols.ts";
import { type Spread, spreadOf } from "../sweep/spread.ts";
import { accuracyBy, evaluationsOf, type Measure, type Outcome } from "./outcomes.ts";
import type { PlainCurves } from "./plain_curve.ts";

/** Masks that the protocol `masks` judges. */
export interface MaskKind {
  /** Name for readers. */
  readonly name: string;
  /** Whether all images have the same mask, of the cost of the gates' masks. */
  readonly isStatic: boolean;
  /** The accuracy under the masks; undefined if an evaluation of an earlier version lacks it. */
  readonly of: (masks: MaskWorth) => FeatureAccuracy | undefined;
}

/** All masks in the order of reports. */
export const maskKinds: readonly MaskKind[] = [
  { name: "own", isStatic: false, of: ({ own }) => own },
  { name: "own, recalibrated", isStatic: false, of: ({ ownRecalibrated }) => ownRecalibrated },
  { name: "exchanged", isStatic: false, of: ({ exchanged }) => exchanged },
  { name: "all open, recalibrated", isStatic: false, of: ({ openRecalibrated }) => openRecalibrated },
  ...staticWays.flatMap((way): MaskKind[] => {
    const name = `static: ${staticWayNames[way]}`;
    return [
      { name, isStatic: true, of: (masks) => staticWorthOf(masks, way).asIs },
      { name: `${name}, recalibrated`, isStatic: true, of: (masks) => staticWorthOf(masks, way).recalibrated },
    ];
  }),
  { name: "oracle, recalibrated", isStatic: false, of: ({ oracle }) => oracle },
];

/** A gated network of a configuration under different masks, over its seeds. */
export interface MaskOutcome {
  /** The network. */
  readonly outcome: Outcome;
  /** Accuracy in percent by the measure. Leaves out masks that no seed was evaluated under. */
  readonly accuracies: ReadonlyMap<MaskKind, Spread>;
  /** The static mask with the best mean; null if no static mask was evaluated by the measure. */
  readonly bestStatic: MaskKind | null;
  /** How much masks vary, 0 to 1. */
  readonly rho: Spread | null;
  /** {@linkcode PlainCurves.above} of the network under its own masks. */
  readonly ownAbovePlain: number | null;
  /**
   * The same of the static mask that {@linkcode deployedWay} chooses, as it is or recalibrated, whichever is better. It
   * is one way for all networks: to take the best of all ways would be to choose by the test images.
   */
  readonly staticAbovePlain: number | null;
}

/** An evaluation with the protocol `masks`. */
type MaskEvaluation = NetworkEvaluation & { readonly masks: MaskWorth };

function bestOf(accuracies: ReadonlyMap<MaskKind, Spread>): MaskKind | null {
  const statics = [...accuracies].filter(([{ isStatic }]) => isStatic);
  return statics.toSorted(([, one], [, other]) => other.mean - one.mean)[0]?.[0] ?? null;
}

/**
 * Whether masks and networks were judged by the same probe. With the augmented probe they were not: the protocol
 * `masks` always uses the cached one.
 */
function areJudgedAlike(evaluations: readonly MaskEvaluation[], measure: Measure): boolean {
  return evaluations.every(({ masks, ...features }) => {
    return accuracyBy(measure, features) === accuracyBy(measure, masks.own);
  });
}

/** The points above the plain curve under the own masks and under the static mask. */
function abovePlain(outcome: Outcome, evaluations: readonly MaskEvaluation[], plain: PlainCurves) {
  if (!areJudgedAlike(evaluations, plain.measure)) return { ownAbovePlain: null, staticAbovePlain: null };
  const above = (judged: readonly (JudgedMasks | undefined)[]) =>
    plain.aboveAt(
      outcome,
      spreadOf(judged.map((masks) => masks === undefined ? null : masks.cost.macs / 1e6)),
      spreadOf(judged.map((masks) => accuracyBy(plain.measure, masks))),
    );
  const statics = evaluations.map(({ masks }) => staticWorthOf(masks, deployedWay));
  const points = [above(statics.map(({ asIs }) => asIs)), above(statics.map(({ recalibrated }) => recalibrated))];
  const known = points.filter((point) => point !== null);
  return { ownAbovePlain: above(evaluations), staticAbovePlain: known.length === 0 ? null : Math.max(...known) };
}

/** The gated networks that were evaluated with the protocol `masks`, in the order of the outcomes. */
export function maskOutcomesOf(outcomes: readonly Outcome[], plain: PlainCurves): MaskOutcome[] {
  return outcomes.flatMap((outcome): MaskOutcome[] => {
    const found = evaluationsOf(outcome.configuration, outcome.network);
    const evaluations = found.filter((evaluation): evaluation is MaskEvaluation => evaluation.masks !== undefined);
    if (evaluations.length === 0) return [];
    const accuracies = new Map(maskKinds.flatMap((kind): [MaskKind, Spread][] => {
      const spread = spreadOf(evaluations.map(({ masks }) => accuracyBy(plain.measure, kind.of(masks))));
      return spread === null ? [] : [[kind, spread]];
    }));
    const rho = spreadOf(evaluations.map(({ masks }) => masks.rho));
    return [{ outcome, accuracies, bestStatic: bestOf(accuracies), rho, ...abovePlain(outcome, evaluations, plain) }];
  });
}
