/**
 * The passes of a step, by mode.
 *
 * @module
 */
import type { SeenViews } from "../evaluation/mod.ts";
import type { Pass } from "../models/mod.ts";
import type { RunConfig } from "../config/options.ts";

/** One pass of one view. */
export interface PlannedPass {
  /** The encoder that computes the pass. */
  readonly pass: Pass;
  /** The view that it sees. */
  readonly view: 0 | 1;
}

/** Two passes whose projections the objective compares. */
export type PassPair = readonly [PlannedPass, PlannedPass];

const pairs: Readonly<Record<RunConfig["mode"], PassPair>> = {
  dual: [{ pass: "gated", view: 0 }, { pass: "dense", view: 1 }],
  vanilla: [{ pass: "dense", view: 0 }, { pass: "dense", view: 1 }],
  gated: [{ pass: "gated", view: 0 }, { pass: "gated", view: 1 }],
};

/**
 * The pairs of a step.
 *
 * `dual` is the method: gated pass on view 1, dense pass on view 2. `vanilla` and `gated` are its baselines. With
 * `symmetric` a dual step has a second pair with the views exchanged.
 *
 * @param isVanilla whether the step has no gates although its run does, as in the gate warm-up.
 */
export function plannedPairs(
  config: Pick<RunConfig, "mode" | "symmetric">,
  isVanilla = false,
): readonly PassPair[] {
  const mode = isVanilla ? "vanilla" : config.mode;
  const [first, second] = pairs[mode];
  if (!config.symmetric || mode !== "dual") return [[first, second]];
  return [[first, second], [{ ...first, view: 1 }, { ...second, view: 0 }]];
}

/** The views that gated passes see in training. One view comes twice if they see no other. */
export function gatedViews(config: Pick<RunConfig, "mode" | "symmetric">): SeenViews {
  const passes = plannedPairs(config).flat().filter(({ pass }) => pass === "gated");
  const [first = 0, second = first] = passes.map(({ view }) => view);
  return [first, second];
}

/** The options that decide the passes of each step. */
export type PassConfig = Pick<RunConfig, "mode" | "symmetric" | "gateWarmup" | "vanillaShare">;

/**
 * Pairs of passes in the steps from `from` to before `to`, which the time of these steps follows: a symmetric run has
 * two pairs in each step with gates, and one in each step without.
 */
export function pairsBetween(config: PassConfig, from: number, to: number, stepsPerEpoch: number): number {
  const withoutGates = Math.max(0, Math.min(to, config.gateWarmup * stepsPerEpoch) - from);
  const { vanillaShare } = config;
  const pairs = vanillaShare + (1 - vanillaShare) * plannedPairs(config).length;
  return withoutGates + (to - from - withoutGates) * pairs;
}
