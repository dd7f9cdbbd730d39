/**
 * What a run does with its gates after the last step: brings them to the budget, or estimates a ladder's norms.
 *
 * @module
 */
import { usualCost } from "../config/budget_range.ts";
import { hasOpening, isLadder } from "../config/network.ts";
import type { RunConfig } from "../config/options.ts";
import type { EvaluationImages, ImageSet } from "../data/mod.ts";
import type { TrainingViews } from "../evaluation/mod.ts";
import type { TrainingObserver } from "../run/records.ts";
import type { Precision } from "../tensor/mod.ts";
import { fitOpening } from "./fitted_opening.ts";
import { estimateLadderNorms } from "./ladder_norms.ts";
import { gatedViews } from "./passes.ts";
import { unlessStopped } from "./stoppable.ts";
import type { Trainee } from "./trainee.ts";

/** The run whose gates are fitted. */
export interface FittedRun {
  readonly trainee: Trainee;
  readonly config: RunConfig;
  readonly precision: Precision;
  readonly observer: TrainingObserver;
  /** The training images as they are evaluated; null without a controller. */
  readonly plainImages: EvaluationImages | null;
  /** Opens views of the training images, for a ladder. */
  readonly views: () => TrainingViews<ImageSet>;
}

/** Fits the gates of a run once. */
export class GateFitting {
  readonly #run: FittedRun;
  #isDone: boolean;

  /** @param isDone whether an earlier part of the run has fitted them. */
  constructor(run: FittedRun, isDone: boolean) {
    this.#run = run;
    this.#isDone = isDone;
  }

  /** Whether the gates are to be fitted when the last step is done. */
  get isDue(): boolean {
    const { config, plainImages } = this.#run;
    return !this.#isDone && (isLadder(config) || (plainImages !== null && hasOpening(config)));
  }

  /** Fits the gates. Returns false if a stop was requested meanwhile. */
  async fit(): Promise<boolean> {
    this.#isDone = isLadder(this.#run.config) ? await this.#fitLadder() : await this.#fitOpening();
    return this.#isDone;
  }

  async #fitOpening(): Promise<boolean> {
    const { config: { budget }, trainee, plainImages, observer } = this.#run;
    if (plainImages === null || typeof budget !== "number") return true;
    const fitted = await unlessStopped(fitOpening(trainee, plainImages, budget), observer);
    if (fitted === null) return false;
    if (fitted.opening !== 0) observer.fitted?.(fitted);
    return true;
  }

  async #fitLadder(): Promise<boolean> {
    const { config, trainee, views, precision, observer } = this.#run;
    const images = { views: views(), seed: config.seed, seen: gatedViews(config), precision };
    const encoder = trainee.network.encoderOf("gated");
    return await unlessStopped(estimateLadderNorms(encoder, images, usualCost(config.budget)), observer) !== null;
  }
}
