/**
 * The record of a step, whose scalars arrive while the next step runs.
 *
 * @module
 */
import type { RunConfig } from "../config/options.ts";
import type { StepRecord } from "../run/records.ts";
import { learningRate } from "./schedules.ts";
import type { StepReport } from "./step.ts";

/** A step whose scalars are not read yet: reading them at once would wait for the device. */
export interface PendingStep {
  /** Its scalars. */
  readonly report: StepReport;
  /** Its epoch, counted from 0. */
  readonly epoch: number;
  /** The target cost of the step. */
  readonly target: number;
  /** The clock at the step's end, in ms. */
  readonly end: number;
  /** Time since the end of the step before, in ms. */
  readonly milliseconds: number;
  /** Part of it that the step waited for images, in ms. */
  readonly waited: number;
  /** Views that went through the network. */
  readonly views: number;
}

/** Where a step stands in its run. */
export interface RunPlace {
  /** Steps done, this one among them. */
  readonly step: number;
  /** Steps of the whole run. */
  readonly steps: number;
  /** The clock when the run began or resumed, in ms. */
  readonly start: number;
}

/**
 * The record of a step.
 *
 * @param scalars what {@linkcode StepReport.read} has returned.
 * @param multiplier the price of cost after the step.
 */
export function stepRecord(
  config: RunConfig,
  { epoch, target, end, milliseconds, waited, views }: Omit<PendingStep, "report">,
  scalars: Readonly<Record<string, number>>,
  { step, steps, start }: RunPlace,
  multiplier: number,
): StepRecord {
  const { loss = NaN, share = null, noiseFreeShare = null, ...terms } = scalars;
  const moves = config.budgetRamp > 0 || typeof config.budget !== "number";
  return {
    step,
    steps,
    epoch,
    loss,
    terms,
    share,
    noiseFreeShare,
    ...(moves && noiseFreeShare !== null ? { target } : {}),
    multiplier,
    lr: learningRate(config, epoch),
    viewsPerSecond: views / (milliseconds / 1000),
    wait: waited / 1000,
    time: (end - start) / 1000,
  };
}
