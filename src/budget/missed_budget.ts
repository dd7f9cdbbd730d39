/**
 * Tells whether a network missed its budget, and why.
 *
 * @module
 */

/** Largest distance from the target that keeps the budget: one percentage point. */
const TOLERANCE = 0.01;
/** Differences are rounded to 1 / ROUNDING, so that 0.31 - 0.3 is exactly one point. */
const ROUNDING = 1e6;
/** Steps with gates that the default rule's controller needs: runs of this length reached their targets. */
const STEPS_TO_SETTLE = 1000;

/**
 * The distance of a gated network's cost from its target if it exceeds one percentage point in either direction, else
 * null.
 *
 * @param share measured cost over the dense network's; null or undefined if not measured.
 * @param target the budget, in (0, 1]; null for a network without gates.
 * @returns share - target, rounded to six digits, or null.
 */
export function missedBudget(share: number | null | undefined, target: number | null): number | null {
  if (share === null || share === undefined || target === null) return null;
  const difference = Math.round((share - target) * ROUNDING) / ROUNDING;
  return Math.abs(difference) > TOLERANCE ? difference : null;
}

/** A run that missed its budget. */
export interface MissedRun {
  /** The rule that held the budget. */
  readonly rule: "default" | "paper";
  /** Epochs of the run. */
  readonly epochs: number;
  /** Epochs at its start without gates. */
  readonly gateWarmup: number;
  /** Share of the later steps that have no gates either. */
  readonly vanillaShare: number;
  /** Steps of each epoch. */
  readonly stepsPerEpoch: number;
}

/** Why a run missed its budget. */
export interface CauseOfMiss {
  /** The cause in a sentence. */
  readonly cause: string;
  /** The epochs that a run needs at least; null if their number is not the cause. */
  readonly epochs: number | null;
}

/** Explains why a run missed its budget, and how many epochs would keep it. */
export function causeOfMiss({ rule, epochs, gateWarmup, vanillaShare, stepsPerEpoch }: MissedRun): CauseOfMiss {
  if (rule === "paper") {
    return { cause: "the published penalties miss by design, and --budget-rule default does not", epochs: null };
  }
  const gatedPerEpoch = stepsPerEpoch * (1 - vanillaShare);
  const steps = Math.round(gatedPerEpoch * (epochs - gateWarmup));
  const counted = steps === 1 ? "1 step with gates is" : `${steps} steps with gates are`;
  const enough = gateWarmup + Math.ceil(STEPS_TO_SETTLE / gatedPerEpoch);
  return steps < STEPS_TO_SETTLE
    ? { cause: `${counted} too few for the cost to settle`, epochs: enough }
    : { cause: `the cost has not settled in ${steps} steps with gates`, epochs: 2 * epochs - gateWarmup };
}
