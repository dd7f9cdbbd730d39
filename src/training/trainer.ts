/**
 * The trainer: runs the epochs of a run and keeps its records.
 *
 * @module
 */
import { BudgetController } from "../budget/mod.ts";
import {
  type Dataset,
  type EvaluationImages,
  ImageStores,
  Loader,
  type LoaderOptions,
  type SkippedImage,
  stepsPerEpoch,
  type TrainingImages,
} from "../data/mod.ts";
import type { Device } from "../device/mod.ts";
import { DivergenceError, OutOfMemoryError } from "../errors.ts";
import { checkHealth, Evaluator, type NetworkHealth } from "../evaluation/mod.ts";
import { type Pass, philoxNoise } from "../models/mod.ts";
import { Scope } from "../tensor/mod.ts";
import { saveWeights } from "./checkpoint.ts";
import { withFittingBatch } from "./fitting_batch.ts";
import { learningRate } from "./learning_rate.ts";
import { OnlineProbes } from "./online_probes.ts";
import { type RunConfig, storeOptions } from "./options.ts";
import { plannedPairs, trainedNetworks } from "./passes.ts";
import { type Precision, resolvePrecision, withPrecision } from "./precision.ts";
import type { PendingScalars } from "./pending_scalars.ts";
import { plainShare } from "./plain_share.ts";
import type { EvaluationRecord, StepRecord, TrainingObserver, TrainingResult } from "./records.ts";
import { drawTurns } from "./rotation.ts";
import type { RunFolder } from "./run_folder.ts";
import { type StepInputs, type StepReport, trainingStep } from "./step.ts";
import { createTrainee, type Trainee } from "./trainee.ts";
import { TrainingState } from "./training_state.ts";
import { augmentedViews } from "./views.ts";

/** Steps between two looks at what plain images cost. */
const CALIBRATION_STEPS = 10;
/** Lets the event loop turn, so that signals are seen. */
function yieldToEvents(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** A step whose scalars are still to be read. */
interface PendingStep {
  readonly report: StepReport;
  readonly epoch: number;
  /** Clock at the step's end, and what it took from the end of the step before, in ms. */
  readonly end: number;
  readonly milliseconds: number;
  /** Of it, waiting for images, in ms. */
  readonly waited: number;
  /** Images of the step's batch. */
  readonly images: number;
}

/** What a run works with. */
interface TrainingParts {
  readonly device: Device;
  readonly config: RunConfig;
  readonly precision: Precision;
  readonly dataset: Dataset;
  readonly run: RunFolder;
  readonly observer: TrainingObserver;
  readonly trainee: Trainee;
  /** The images to train on. */
  readonly images: TrainingImages;
  /** The same images as they are evaluated, for the controller of the budget; null where there is none to control. */
  readonly plainImages: EvaluationImages | null;
  /** Judges networks between epochs; null where there are no labels to judge by. */
  readonly evaluator: Evaluator | null;
  /** Learn beside the networks, for the evaluator; null without one, and where the images to train on have no labels. */
  readonly probes: OnlineProbes | null;
}

/** How a configuration makes batches. */
function batchPlan({ batch, seed, epochs, dropLast }: RunConfig, dataset: Dataset): LoaderOptions {
  return { dataset, batch, seed, epochs, dropLast };
}

class Training {
  readonly #parts: TrainingParts;
  readonly #loader: Loader;
  readonly #steps: number;
  readonly #start = performance.now();
  #stepStart = this.#start;
  #done = 0;
  #pending: PendingStep | null = null;
  #networks: EvaluationRecord["networks"] = {};
  /** The networks before the first step, which those that are trained are compared with. */
  readonly #untrained = new Map<Pass, NetworkHealth>();
  readonly #controller: BudgetController;
  /** What plain images cost, as it was asked for after the step before, and how often it was. */
  #plain: PendingScalars | null = null;
  #calibrations = 0;

  constructor(parts: TrainingParts) {
    const { config, dataset, images } = parts;
    this.#parts = parts;
    this.#controller = new BudgetController(config.budget);
    this.#loader = new Loader(images, batchPlan(config, dataset));
    this.#steps = this.#loader.stepsPerEpoch * config.epochs;
  }

  async execute(): Promise<TrainingResult> {
    try {
      return await this.#run();
    } finally {
      this.#pending?.report[Symbol.dispose]();
      this.#plain?.[Symbol.dispose]();
    }
  }

  async #run(): Promise<TrainingResult> {
    const { epochs, evalEvery, checkpointEvery } = this.#parts.config;
    this.#observeUntrained();
    for (let epoch = 0; epoch < epochs; epoch++) {
      const finished = await this.#epoch(epoch);
      if (!finished) return this.#finish(true);
      const last = epoch + 1 === epochs;
      this.#save("last");
      if (checkpointEvery > 0 && (epoch + 1) % checkpointEvery === 0) this.#save(epoch + 1);
      if (evalEvery > 0 && ((epoch + 1) % evalEvery === 0 || last)) this.#evaluate(epoch + 1);
    }
    return this.#finish(false);
  }

  async #epoch(epoch: number): Promise<boolean> {
    for (let step = 0; step < this.#loader.stepsPerEpoch; step++) {
      this.#step(epoch);
      await yieldToEvents();
      if (this.#parts.observer.stopRequested()) return false;
    }
    this.#flush();
    return true;
  }

  #step(epoch: number): void {
    const { config, trainee, device, precision, dataset, probes } = this.#parts;
    const { report, waited, images } = this.#withinMemory(() => {
      using _scope = new Scope();
      const begin = performance.now();
      const stored = this.#loader.next();
      const waited = performance.now() - begin;
      const count = stored.indices.length;
      const inputs: StepInputs = {
        views: augmentedViews(stored, dataset, precision),
        epoch,
        rate: learningRate(config, epoch),
        progress: this.#done / this.#steps,
        multiplier: this.#controller.multiplier,
        turns: config.rotation ? drawTurns(config.seed, this.#done, count) : undefined,
        noise: (pass) => philoxNoise(device, { seed: config.seed, step: this.#done }, pass),
        listener: probes?.listener(stored.indices, epoch),
      };
      const report = withPrecision(device, precision, () => trainingStep(trainee, config, inputs));
      return { report, waited, images: count };
    });
    try {
      this.#flush();
    } catch (error) {
      report[Symbol.dispose]();
      throw error;
    }
    this.#done++;
    const end = performance.now();
    this.#pending = { report, epoch, end, milliseconds: end - this.#stepStart, waited, images };
    this.#calibrate(epoch);
    this.#stepStart = end;
  }

  /** Now and then, asks what plain images cost, and a step later tells the controller. */
  #calibrate(epoch: number): void {
    const { plainImages, trainee, config } = this.#parts;
    if (this.#plain !== null) {
      using plain = this.#plain;
      this.#plain = null;
      this.#controller.calibrate(plain.read()["share"] ?? NaN);
    }
    const isGated = plainImages !== null && epoch >= config.gateWarmup;
    if (!isGated || this.#done % CALIBRATION_STEPS !== 0) return;
    this.#plain = plainShare(trainee, plainImages, this.#calibrations++);
  }

  /** Runs a step; where the device has no memory for it, the error says which batch it has memory for. */
  #withinMemory<T>(step: () => T): T {
    try {
      return step();
    } catch (error) {
      if (!(error instanceof OutOfMemoryError)) throw error;
      const { device, trainee, config, precision, dataset: { pretraining: { height, width } } } = this.#parts;
      throw withFittingBatch(error, device, { trainee, config, precision, size: [height, width] });
    }
  }

  /** Reads and records the scalars of the step before. */
  #flush(): void {
    if (this.#pending === null) return;
    const { epoch, end, milliseconds, waited, images } = this.#pending;
    const { config, run, observer } = this.#parts;
    using report = this.#pending.report;
    this.#pending = null;
    const { loss = NaN, share = null, noiseFreeShare = null, ...terms } = report.read();
    if (noiseFreeShare !== null) this.#controller.observe(noiseFreeShare);
    const record: StepRecord = {
      step: this.#done,
      epoch,
      loss,
      terms,
      share,
      noiseFreeShare,
      multiplier: this.#controller.multiplier,
      lr: learningRate(config, epoch),
      viewsPerSecond: 2 * images * plannedPairs(config, epoch).length / (milliseconds / 1000),
      wait: waited / 1000,
      time: (end - this.#start) / 1000,
    };
    run.appendMetrics(record);
    observer.step(record, { step: this.#done, steps: this.#steps, epoch, epochs: config.epochs });
    if (!Number.isFinite(loss)) {
      throw new DivergenceError(
        `step ${this.#done}: the loss is ${loss} at --lr ${config.lr}; give a smaller one, or a longer --warmup-epochs`,
      );
    }
  }

  #observeUntrained(): void {
    const { trainee: { network }, evaluator, config } = this.#parts;
    if (evaluator === null) return;
    for (const pass of trainedNetworks(config.mode)) {
      this.#untrained.set(pass, evaluator.health(network.encoderOf(pass), pass));
    }
    this.#stepStart = performance.now();
  }

  /** Judges the networks and records it; a network that tells images apart no more ends the run, whose weights are saved. */
  #evaluate(epoch: number): void {
    const { trainee: { network }, evaluator, probes, config, run, observer } = this.#parts;
    if (evaluator === null) return;
    const watched = trainedNetworks(config.mode).map((pass) => {
      return [pass, evaluator.watch(network.encoderOf(pass), pass, probes?.get(pass))] as const;
    });
    this.#networks = Object.fromEntries(watched);
    const record: EvaluationRecord = { step: this.#done, epoch, networks: this.#networks };
    run.appendMetrics(record);
    observer.evaluation(record);
    for (const [pass, { health }] of watched) {
      const untrained = this.#untrained.get(pass);
      if (untrained) checkHealth(health, untrained, { network: pass, step: this.#done, ...config });
    }
    this.#stepStart = performance.now();
  }

  #save(which: number | "last"): void {
    const { run, device, trainee, probes, config: { arch, width, stem, mode, autotune, plans } } = this.#parts;
    if (autotune || plans !== null) run.writePlans(device.exportPlans());
    const { network, objective, momentum } = trainee;
    const state = new TrainingState(network, { objective: objective.module, momentum, probes });
    saveWeights(run.checkpointPath(which), state, {
      step: String(this.#done),
      arch,
      width: String(width),
      stem,
      mode,
    });
  }

  #finish(stopped: boolean): TrainingResult {
    this.#flush();
    if (stopped) this.#save("last");
    return { stopped, steps: this.#done, networks: this.#networks };
  }
}

/**
 * Trains a run from its beginning, writing metrics and weights to its folder.
 *
 * Repeated with the same configuration on the same device and thread count, it gives the same weights and metrics, bit for bit,
 * but for times.
 *
 * @throws {InvalidInputError} where the data set holds less than one batch, or the device lacks the precision asked for.
 * @throws {DivergenceError} at the first loss that is not finite, and where an evaluation finds features that are not; the weights
 * of the last whole epoch stay.
 * @throws {CollapseError} where an evaluation finds that features have become alike for all images; the weights are saved.
 */
export async function pretrain(
  device: Device,
  config: RunConfig,
  dataset: Dataset,
  run: RunFolder,
  observer: TrainingObserver,
): Promise<TrainingResult> {
  stepsPerEpoch(batchPlan(config, dataset));
  const precision = resolvePrecision(config.precision, device.description);
  const skipped = (image: SkippedImage) => {
    run.appendSkipped(image);
    observer.skipped(image);
  };
  dataset.skipped.forEach(skipped);
  using trainee = createTrainee(device, config, dataset.pretraining.height);
  using stores = new ImageStores(device, dataset, { ...storeOptions(config), skipped });
  const images = stores.training(dataset.pretraining, config.batch);
  const isControlled = config.budgetRule === "default" && config.mode !== "vanilla";
  const plainImages = isControlled ? stores.evaluation(dataset.pretraining) : null;
  const evaluator = dataset.labelled === null || config.evalEvery === 0 ? null : new Evaluator(stores, config.seed);
  using probes = evaluator && OnlineProbes.of(device, config, dataset);
  const parts = { device, config, precision, dataset, run, observer, trainee, images, plainImages, evaluator, probes };
  return await new Training(parts).execute();
}
