/**
 * Reports a run that missed its budget, with the cause and the remedy.
 *
 * @module
 */
import { largestCost } from "../../src/config/budget_range.ts";
import { quoteWord } from "../../src/sweep/shell.ts";
import { runOptions } from "../../src/config/options.ts";
import { causeOfMiss } from "../../src/budget/missed_budget.ts";
import type { RunConfig } from "../../src/config/options.ts";
import { share, signed } from "./tables.ts";

/** A cost share, with the distance from the budget if it missed: `0.5730, missed by +0.2730`. */
export function markedShare(value: number | undefined, budgetMissed: number | null): string | undefined {
  const shown = share(value);
  return shown === undefined || budgetMissed === null ? shown : `${shown}, missed by ${signed(budgetMissed)}`;
}

/** A finished run that missed its budget. */
export interface EndedRun {
  /** Path of the run's folder. */
  readonly path: string;
  /** The options that decide the cause of the miss. */
  readonly config: Pick<RunConfig, "budget" | "budgetRule" | "epochs" | "gateWarmup" | "vanillaShare">;
  /** Steps of the whole run. */
  readonly steps: number;
  /** Cost share of the gated network minus the budget. */
  readonly budgetMissed: number;
  /** The smallest cost share that the network can reach. */
  readonly smallest: number;
}

/** One line with the miss, its cause and the remedy. */
export function describeMiss({ path, config, steps, budgetMissed, smallest }: EndedRun): string {
  const { budget, budgetRule: rule, epochs } = config;
  const { cause, epochs: longer } = causeOfMiss({ ...config, rule, stepsPerEpoch: steps / epochs });
  const cost = `the gated network costs ${share(largestCost(budget) + budgetMissed)} of the dense one, ${
    signed(budgetMissed)
  } from the budget`;
  const remedy = longer === null || !runOptions.epochs.schema.safeParse(longer).success
    ? ""
    : `; train longer: sluice pretrain --resume ${quoteWord(path)} --epochs ${longer} --stretch-schedule`;
  return `--budget ${budget} is missed: ${cost}: ${cause}${remedy}; the smallest reachable cost is ${share(smallest)}`;
}
