/**
 * What a run writes down and tells as it goes.
 *
 * @module
 */
import type { SkippedImage } from "../data/mod.ts";
import type { NetworkWatch } from "../evaluation/mod.ts";
import type { Pass } from "../models/mod.ts";

/** One line of metrics: a step. */
export interface StepRecord {
  /** From 1. */
  readonly step: number;
  /** Steps of the whole run. */
  readonly steps: number;
  /** From 0. */
  readonly epoch: number;
  /** What was minimised. */
  readonly loss: number;
  /** The objective's terms and the budget's. */
  readonly terms: Readonly<Record<string, number>>;
  /** Cost of the gated passes, with their noise, over that of the dense network; null without gated passes. */
  readonly share: number | null;
  /** The same without noise; null without gated passes. */
  readonly noiseFreeShare: number | null;
  /** The price of cost that the budget's controller has come to. */
  readonly multiplier: number;
  /** Learning rate. */
  readonly lr: number;
  /** Views trained on in a second. */
  readonly viewsPerSecond: number;
  /** Seconds that the step waited for its images: for their pixels, where they were not there yet, and for views to be drawn. */
  readonly wait: number;
  /** Seconds since the run's start. */
  readonly time: number;
}

/** One line of metrics: an evaluation. */
export interface EvaluationRecord {
  /** Steps done. */
  readonly step: number;
  /** Epochs done. */
  readonly epoch: number;
  /** By network: 20-NN accuracy in percent, measured cost, and what the features look like. */
  readonly networks: Readonly<Partial<Record<Pass, NetworkWatch>>>;
}

/** Who watches a run, and may end it. */
export interface TrainingObserver {
  /** After every step, one step late: a step's scalars are read while the next one runs. */
  step(record: StepRecord): void;
  /** After every evaluation. */
  evaluation(record: EvaluationRecord): void;
  /** Of every image file that is damaged, once. */
  skipped(image: SkippedImage): void;
  /** At the start, of every file of the run that was damaged: what is lost, in a line. */
  damaged?(line: string): void;
  /** Asked after every step and every batch of an evaluation: true ends the run once its weights are saved. */
  stopRequested(): boolean;
}

/** How a run ended. */
export interface TrainingResult {
  /** Whether it was stopped before its end. */
  readonly stopped: boolean;
  /** Steps done. */
  readonly steps: number;
  /** The last evaluation. */
  readonly networks: EvaluationRecord["networks"];
}
