/**
 * The budget feedback of a run: measures what the gated network costs, and sets the price of cost for the next step.
 *
 * @module
 */
import { isLadder } from "../config/network.ts";
import { largestCost } from "../config/budget_range.ts";
import { BudgetController, type BudgetOptions } from "../budget/mod.ts";
import type { RunConfig } from "../config/options.ts";
import type { EvaluationImages } from "../data/mod.ts";
import { objectiveKind } from "../objectives/mod.ts";
import type { RunState } from "../run/run_state.ts";
import { plainShare } from "./plain_share.ts";
import type { PendingScalars } from "./scalars.ts";
import { budgetOptions, budgetTarget, type StepPlace } from "./schedules.ts";
import type { Trainee } from "./trainee.ts";

/** Steps between two measurements of the cost on plain images. */
const CALIBRATION_STEPS = 10;

/** What a checkpoint keeps of the feedback. */
export type BudgetLoopState = Pick<RunState, "multiplier" | "controller" | "plainShare" | "calibrations">;

/** The network that the feedback measures, and the images that it measures on. */
export interface BudgetLoopParts {
  /** Network and costs. */
  readonly trainee: Trainee;
  /** Options of the run. */
  readonly config: RunConfig;
  /** The training images as they are evaluated; null if the run has no controller. */
  readonly plainImages: EvaluationImages | null;
}

/** Whether the controller, and not the published penalties, holds a run to its budget. */
export function isControlled(config: Pick<RunConfig, "budgetRule" | "mode" | "budget">): boolean {
  return config.budgetRule === "default" && config.mode !== "vanilla" && !isLadder(config);
}

/**
 * Connects a {@linkcode BudgetController} to the steps of a run. Each step's cost arrives one step late, because
 * scalars are read while the next step runs; so the price that a step takes does not know the cost of the step before
 * it, except at the start of an epoch.
 */
export class BudgetLoop implements Disposable {
  readonly #parts: BudgetLoopParts;
  readonly #controller: BudgetController;
  #multiplier: number;
  /** The last measurement on plain images, still on its way from the device. */
  #measurement: PendingScalars | null = null;
  /** The same measurement of a run that was saved meanwhile. */
  #measured: number | null;
  #calibrations: number;

  /**
   * Starts with the controller's first price, or from a checkpoint.
   *
   * @param state the state to resume from; null at the beginning of a run.
   */
  constructor(parts: BudgetLoopParts, state: BudgetLoopState | null) {
    const { budget, objective } = parts.config;
    this.#parts = parts;
    this.#controller = new BudgetController(
      largestCost(budget),
      objectiveKind(objective).priceScale,
      state?.controller,
    );
    this.#multiplier = state?.multiplier ?? this.#controller.multiplier;
    this.#measured = state?.plainShare ?? null;
    this.#calibrations = state?.calibrations ?? 0;
  }

  /** The controller's latest price, which the metrics record. */
  get latestMultiplier(): number {
    return this.#controller.multiplier;
  }

  /** Target, bounds and price of cost for the next step. */
  price(epoch: number, place: StepPlace): BudgetOptions {
    const { config } = this.#parts;
    return budgetOptions(config, epoch, budgetTarget(config, place), this.#multiplier);
  }

  /**
   * Takes the noise-free cost share of a step, or null of a step without gated passes. A ladder's needs no control.
   *
   * @param target the target cost of that step.
   */
  observe(noiseFreeShare: number | null, target: number): void {
    if (noiseFreeShare === null || isLadder(this.#parts.config)) return;
    this.#controller.observe(noiseFreeShare, target);
  }

  /**
   * The next step takes the controller's latest price. To be called at the end of an epoch, once all of its steps are
   * observed.
   */
  afterEpoch(): void {
    this.#multiplier = this.#controller.multiplier;
  }

  /**
   * Sets the next step's price. Every {@linkcode CALIBRATION_STEPS} steps it also begins to measure the cost on plain
   * images, and the controller hears of it after the next step.
   *
   * @param done steps done, this one among them.
   */
  afterStep(done: number, epoch: number): void {
    this.#multiplier = this.#controller.multiplier;
    const { trainee, config, plainImages } = this.#parts;
    const share = this.#takeMeasurement();
    if (share !== null) this.#controller.calibrate(share);
    if (plainImages === null || epoch < config.gateWarmup || done % CALIBRATION_STEPS !== 0) return;
    this.#measurement = plainShare(trainee, plainImages, config.seed, this.#calibrations++);
  }

  /** The cost share on plain images that the controller has not heard of yet, or null. */
  #takeMeasurement(): number | null {
    using pending = this.#measurement;
    const measured = this.#measured;
    [this.#measurement, this.#measured] = [null, null];
    return pending === null ? measured : pending.read()["share"] ?? NaN;
  }

  /** The state for a checkpoint. Waits for a measurement that is under way. */
  state(): BudgetLoopState {
    this.#measured = this.#takeMeasurement();
    return {
      multiplier: this.#multiplier,
      controller: this.#controller.state,
      plainShare: this.#measured,
      calibrations: this.#calibrations,
    };
  }

  /** Frees a measurement that nobody read. */
  [Symbol.dispose](): void {
    this.#measurement?.[Symbol.dispose]();
  }
}
