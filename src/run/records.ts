/**
 * The records of a run in training, and the observer that gets them.
 *
 * @module
 */
import type { SkippedImage } from "../data/mod.ts";
import type { NetworkWatch } from "../evaluation/mod.ts";
import type { Precision } from "../tensor/mod.ts";
import type { Pass } from "../models/mod.ts";

/** One line of metrics: a step. */
export interface StepRecord {
  /** Counted from 1. */
  readonly step: number;
  /** Steps of the whole run. */
  readonly steps: number;
  /** Counted from 0. */
  readonly epoch: number;
  /** The total loss. */
  readonly loss: number;
  /** The terms of the objective and of the budget, by name. */
  readonly terms: Readonly<Record<string, number>>;
  /** Cost of the gated passes, with noise in the gates, as a share of the dense cost; null without gated passes. */
  readonly share: number | null;
  /** The same share without noise; null without gated passes. */
  readonly noiseFreeShare: number | null;
  /** The target of that share in this step; only in runs whose target falls to the budget. */
  readonly target?: number;
  /** The price of cost, as the budget's controller sets it after this step. */
  readonly multiplier: number;
  /** Learning rate. */
  readonly lr: number;
  /** Views trained on per second. */
  readonly viewsPerSecond: number;
  /** Seconds that the step waited for its images: until their pixels were read, and their views drawn. */
  readonly wait: number;
  /** Seconds since the present process began to train. */
  readonly time: number;
}

/** One line of metrics: an evaluation. */
export interface EvaluationRecord {
  /** Steps done. */
  readonly step: number;
  /** Epochs done. */
  readonly epoch: number;
  /** The precision of the networks' passes, which is the run's; absent in files of earlier versions, which is f32. */
  readonly precision?: Precision;
  /** By network: 20-NN accuracy in percent, measured cost, and what the features look like. */
  readonly networks: Readonly<Partial<Record<Pass, NetworkWatch>>>;
}

/** What was added to the logits of all gates after the last step, to bring the cost to the budget. */
export interface FittedOpening {
  /** The number that was added; 0 if the network is left as it was. */
  readonly opening: number;
  /** The cost share on plain training images without it. */
  readonly before: number;
  /** The same with it. */
  readonly after: number;
}

/** Watches the training of a run, and may stop it. */
export interface TrainingObserver {
  /** Called after every step, one step late: a step's scalars are read while the next step runs. */
  step(record: StepRecord): void;
  /** Called after every evaluation. */
  evaluation(record: EvaluationRecord): void;
  /** Called after the last step, if something had to be added to the gates' logits to bring the cost to the budget. */
  fitted?(opening: FittedOpening): void;
  /** Called once for every damaged image file. */
  skipped(image: SkippedImage): void;
  /** Called at the start with a line for every damaged file of the run: what is lost. */
  damaged?(line: string): void;
  /** Called once with the reason if a step cannot be recorded as a CUDA graph. Training goes on without. */
  unrecorded?(reason: string): void;
  /** Called after every step and every batch of an evaluation. True stops the run, which saves a checkpoint first. */
  stopRequested(): boolean;
}

/** How training ended. */
export interface TrainingResult {
  /** Whether the observer stopped it before its end. */
  readonly stopped: boolean;
  /** Steps done, those of earlier processes among them. */
  readonly steps: number;
  /** The last evaluation, by network. */
  readonly networks: EvaluationRecord["networks"];
}
