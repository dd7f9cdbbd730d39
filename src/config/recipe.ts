/**
 * The default recipe for the beginning of a run with gates, in numbers.
 *
 * Gates that are drawn at random from the first step cost both networks points. A gentle beginning trains without gates
 * at first, then with open gates, little noise, and a target cost that falls from the whole cost to the budget.
 *
 * @module
 */
import type { RunConfig } from "./run_config.ts";

/** Shares of the epochs that the default recipe trains without gates, and lowers the target cost in. */
const [WARMUP_SHARE, RAMP_SHARE] = [0.2, 0.4];
/** The default recipe's opening, at which nearly every gate is open, and its noise. */
export const [OPENING, GENTLE_NOISE] = [4, 0.5];

/** Whether a run begins gently: it has gates, and the default recipe. */
export function isGentle({ recipe = "default", mode = "dual" }: Readonly<Partial<RunConfig>>): boolean {
  return recipe === "default" && mode !== "vanilla";
}

function epochsOf({ epochs = 500 }: Readonly<Partial<RunConfig>>): number {
  return epochs;
}

/** The default recipe's epochs without gates. A gated encoder of its own would not be trained in them. */
export function usualWarmup(config: Readonly<Partial<RunConfig>>): number {
  return config.separateEncoders ? 0 : Math.floor(WARMUP_SHARE * epochsOf(config));
}

/** Whether the default recipe copies norms: there are dense norms beside the gated ones, and epochs that train them. */
export function copiesUsually(
  { mode = "dual", separateNorm = true, gateWarmup }: Readonly<Partial<RunConfig>>,
): boolean {
  return mode === "dual" && separateNorm && gateWarmup !== 0;
}

/** The default recipe's ramp, which leaves an epoch or more at the budget. */
export function usualRamp(config: Readonly<Partial<RunConfig>>): number {
  const epochs = epochsOf(config);
  return Math.max(0, Math.min(Math.round(RAMP_SHARE * epochs), epochs - 1 - (config.gateWarmup ?? 0)));
}
