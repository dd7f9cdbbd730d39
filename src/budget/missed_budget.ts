/**
 * Whether a network missed its budget, and why.
 *
 * @module
 */

/** Shares that far from the target still keep the budget: one point. */
const TOLERANCE = 0.01;
/** Differences of shares are rounded to this, so that 0.31 is one point from 0.3, and no more. */
const ROUNDING = 1e6;
/** Steps with gates that the controller of the default rule is given to settle: in runs of this length it held its targets. */
const STEPS_TO_SETTLE = 1000;

/**
 * How far a gated network's cost is from its target if it missed it, by more than one point in either direction; null if it kept it.
 *
 * @param share measured cost over that of the dense network; null or undefined if it was not measured.
 * @param target the budget, in (0, 1]; null of a network without gates.
 * @returns share - target, to six digits.
 */
export function missedBudget(share: number | null | undefined, target: number | null): number | null {
  if (share === null || share === undefined || target === null) return null;
  const difference = Math.round((share - target) * ROUNDING) / ROUNDING;
  return Math.abs(difference) > TOLERANCE ? difference : null;
}

/** A run that missed its budget. */
export interface MissedRun {
  /** What was to hold the budget. */
  readonly rule: "default" | "paper";
  /** Epochs of the run. */
  readonly epochs: number;
  /** Epochs at its start without gates. */
  readonly gateWarmup: number;
  /** Steps of each epoch. */
  readonly stepsPerEpoch: number;
}

/** Why a run missed its budget. */
export interface CauseOfMiss {
  /** The cause in a sentence. */
  readonly cause: string;
  /** So many epochs or more help; null if their number is not the cause. */
  readonly epochs: number | null;
}

/** Why a run missed its budget, and whether a longer run would keep it. */
export function causeOfMiss({ rule, epochs, gateWarmup, stepsPerEpoch }: MissedRun): CauseOfMiss {
  if (rule === "paper") {
    return { cause: "the published penalties miss by design, and --budget-rule default does not", epochs: null };
  }
  const steps = stepsPerEpoch * (epochs - gateWarmup);
  const enough = gateWarmup + Math.ceil(STEPS_TO_SETTLE / stepsPerEpoch);
  return steps < STEPS_TO_SETTLE
    ? { cause: `${steps} steps with gates are too few for the cost to settle`, epochs: enough }
    : { cause: `the cost has not settled in ${steps} steps with gates`, epochs: 2 * epochs - gateWarmup };
}
