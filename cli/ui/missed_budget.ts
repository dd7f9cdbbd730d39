/**
 * Says that a run missed its budget, why, and what helps.
 *
 * @module
 */
import { quoteWord } from "../../src/sweep/shell.ts";
import { runOptions } from "../../src/config/options.ts";
import { causeOfMiss } from "../../src/budget/missed_budget.ts";
import type { RunConfig } from "../../src/config/options.ts";
import { share } from "./tables.ts";

/** A difference of shares with its sign: `+0.2730`. */
export function signedShare(difference: number): string {
  return `${difference < 0 ? "-" : "+"}${share(Math.abs(difference))}`;
}

/** A cost share, and if it missed its budget by how much: `0.5730, missed by +0.2730`. */
export function markedShare(value: number | undefined, budgetMissed: number | null): string | undefined {
  const shown = share(value);
  return shown === undefined || budgetMissed === null ? shown : `${shown}, missed by ${signedShare(budgetMissed)}`;
}

/** A run that came to its end and missed its budget. */
export interface EndedRun {
  /** Its folder. */
  readonly path: string;
  /** Its options. */
  readonly config: Pick<RunConfig, "budget" | "budgetRule" | "epochs" | "gateWarmup">;
  /** Steps of the whole run. */
  readonly steps: number;
  /** How far its gated network's cost share is from its budget. */
  readonly budgetMissed: number;
  /** The smallest cost share that its network can have. */
  readonly smallest: number;
}

/** The miss, its cause and the remedy, in a line. */
export function describeMiss({ path, config, steps, budgetMissed, smallest }: EndedRun): string {
  const { budget, budgetRule: rule, epochs, gateWarmup } = config;
  const { cause, epochs: longer } = causeOfMiss({ rule, epochs, gateWarmup, stepsPerEpoch: steps / epochs });
  const cost = `the gated network costs ${share(budget + budgetMissed)} of the dense one, ${
    signedShare(budgetMissed)
  } from it`;
  const remedy = longer === null || !runOptions.epochs.schema.safeParse(longer).success
    ? ""
    : `; train longer: sluice pretrain --resume ${quoteWord(path)} --epochs ${longer} --stretch-schedule`;
  return `--budget ${budget} is missed: ${cost}: ${cause}${remedy}; the smallest reachable cost is ${share(smallest)}`;
}
