/**
 * The cost that each step of a run of many budgets trains.
 *
 * @module
 */
import { usualCost } from "../config/budget_range.ts";
import type { RunConfig } from "../config/options.ts";
import { RandomStream, Streams } from "../random/mod.ts";
import { openGates, type Trainee } from "./trainee.ts";

/** Share of the run in which the smallest cost falls from 1 to that of the range. */
const FALL = 0.4;
/** Probability of the smallest cost, and of the largest. The others are drawn evenly. */
const [SMALLEST, LARGEST] = [0.25, 0.15];

/**
 * The cost of a step: the smallest of the range with probability 0.25, because all others contain its channels, the
 * largest with 0.15, else any in between. (after the sandwich rule of US-Nets, Yu and Huang 2019) The smallest cost
 * falls from 1 in the course of the run, as the budget of a run of one budget does.
 *
 * @param ladder the costs of the knots, ascending.
 * @param done steps done before this one.
 * @param steps steps of the whole run.
 */
export function ladderCost(
  { seed }: Pick<RunConfig, "seed">,
  ladder: readonly number[],
  done: number,
  steps: number,
): number {
  const [least, most] = [ladder[0] ?? 1, ladder.at(-1) ?? 1];
  const random = new RandomStream(seed, Streams.ladder, done);
  const [kind, place] = [random.uniform(), random.uniform()];
  const smallest = Math.min(most, least + (1 - least) * Math.max(0, 1 - done / steps / FALL));
  if (kind < SMALLEST) return smallest;
  return kind < SMALLEST + LARGEST ? most : smallest + place * (most - smallest);
}

/** Opens the channels of the cost that a run is judged at while it trains; does nothing if the run has no ladder. */
export function restLadder(trainee: Trainee, { budget }: Pick<RunConfig, "budget">): void {
  const { ladder } = trainee.network.encoderOf("gated");
  if (ladder !== null) openGates(trainee, ladder.openFor(usualCost(budget)));
}

/**
 * Opens the channels of a step's cost, {@linkcode ladderCost}.
 *
 * @returns the cost, or null if the run has no ladder.
 */
export function openLadder(trainee: Trainee, config: RunConfig, done: number, steps: number): number | null {
  const { ladder, spec } = trainee.network.encoderOf("gated");
  if (ladder === null || spec.ladder === undefined) return null;
  const cost = ladderCost(config, spec.ladder, done, steps);
  openGates(trainee, ladder.openFor(cost));
  return cost;
}
