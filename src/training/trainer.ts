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
  type TrainingImages,
} from "../data/mod.ts";
import type { Device } from "../device/mod.ts";
import { DivergenceError, OutOfMemoryError } from "../errors.ts";
import { checkHealth, Evaluator, type NetworkHealth } from "../evaluation/mod.ts";
import { type Pass, philoxNoise } from "../models/mod.ts";
import { objectiveKind } from "../objectives/mod.ts";
import { Scope } from "../tensor/mod.ts";
import { type Checkpoint, checkpointMetadata, loadCheckpoint } from "../run/checkpoint.ts";
import { CheckpointWriter } from "../run/checkpoint_writer.ts";
import type { EventLog } from "../run/event_log.ts";
import { withFittingBatch } from "./fitting_batch.ts";
import { forPasses, yieldToEvents } from "./interruption.ts";
import { learningRate, stepRates } from "./learning_rate.ts";
import { OnlineProbes } from "./online_probes.ts";
import { type RunConfig, storeOptions } from "../config/options.ts";
import { plannedPairs } from "./passes.ts";
import { trainedNetworks } from "../config/network.ts";
import { type Precision, resolvePrecision, withPrecision } from "../config/precision.ts";
import type { PendingScalars } from "./pending_scalars.ts";
import { plainShare } from "./plain_share.ts";
import type { EvaluationRecord, StepRecord, TrainingObserver, TrainingResult } from "../run/records.ts";
import { drawTurns } from "./rotation.ts";
import type { RunFolder } from "../run/run_folder.ts";
import { stepsOf } from "../run/run_length.ts";
import type { RunState } from "../run/run_state.ts";
import { type StepInputs, type StepReport, trainingStep } from "./step.ts";
import { createTrainee, type Trainee, trainingState } from "./trainee.ts";
import type { TrainingState } from "../run/training_state.ts";
import { augmentedViews } from "./views.ts";

/** Steps between two looks at what plain images cost. */
const CALIBRATION_STEPS = 10;

/** Seconds since 1970, for TensorBoard. */
const wallTime = () => Date.now() / 1000;

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
  readonly events: EventLog;
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
  /** All tensors of the above that change. */
  readonly training: TrainingState;
  /** Where the run goes on; null at its beginning. */
  readonly state: RunState | null;
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
  #done: number;
  readonly #writer = new CheckpointWriter();
  #pending: PendingStep | null = null;
  #networks: EvaluationRecord["networks"] = {};
  /** The networks before the first step, which those that are trained are compared with. */
  readonly #untrained: Map<Pass, NetworkHealth>;
  readonly #controller: BudgetController;
  /** The price of cost in the next step. */
  #multiplier: number;
  /** What plain images cost, as it was asked for after the step before, and how often it was. */
  #plain: PendingScalars | null = null;
  #calibrations: number;
  /** The same of a run that goes on: it was read when the run stopped. */
  #plainShare: number | null;

  constructor(parts: TrainingParts) {
    const { config, dataset, images, state } = parts;
    this.#parts = parts;
    this.#done = state?.step ?? 0;
    const { priceScale } = objectiveKind(config.objective);
    this.#controller = new BudgetController(config.budget, priceScale, state?.controller);
    this.#multiplier = state?.multiplier ?? this.#controller.multiplier;
    this.#plainShare = state?.plainShare ?? null;
    this.#calibrations = state?.calibrations ?? 0;
    this.#untrained = new Map(Object.entries(state?.untrained ?? {}) as [Pass, NetworkHealth][]);
    this.#loader = new Loader(images, { ...batchPlan(config, dataset), done: this.#done });
    this.#steps = this.#loader.stepsPerEpoch * config.epochs;
  }

  async execute(): Promise<TrainingResult> {
    try {
      const result = await this.#run();
      await this.#writer.settle();
      return result;
    } catch (error) {
      // What was begun to be saved is saved, whatever the failure was.
      await this.#writer.settle().catch(() => {});
      throw error;
    } finally {
      this.#writer[Symbol.dispose]();
      this.#pending?.report[Symbol.dispose]();
      this.#plain?.[Symbol.dispose]();
    }
  }

  async #run(): Promise<TrainingResult> {
    // A run that stopped between an epoch's last step and its evaluation evaluates now.
    if (this.#done % this.#loader.stepsPerEpoch === 0 && !await this.#betweenEpochs()) return this.#result(true);
    while (this.#done < this.#steps) {
      const isWhole = await this.#epoch();
      this.#settle();
      await this.#save();
      if (!isWhole || !await this.#betweenEpochs()) return this.#result(true);
    }
    return this.#result(false);
  }

  /** Evaluates where that is due, before the first epoch and after one is saved; false if the run was asked to stop meanwhile. */
  async #betweenEpochs(): Promise<boolean> {
    if (this.#done === 0) return await this.#observeUntrained();
    const [epochs, { evalEvery }] = [this.#done / this.#loader.stepsPerEpoch, this.#parts.config];
    const isDue = evalEvery > 0 && (epochs % evalEvery === 0 || this.#done === this.#steps);
    return !isDue || await this.#evaluate(epochs);
  }

  /** What is left of an epoch; false where the run was asked to stop in it. */
  async #epoch(): Promise<boolean> {
    const { stepsPerEpoch } = this.#loader;
    const epoch = Math.floor(this.#done / stepsPerEpoch);
    const end = (epoch + 1) * stepsPerEpoch;
    while (this.#done < end) {
      this.#step(epoch);
      await yieldToEvents();
      this.#writer.check();
      if (this.#parts.observer.stopRequested()) return false;
    }
    return true;
  }

  /** Reads what is not read yet; the first step of an epoch knows of all before it. */
  #settle(): void {
    this.#flush();
    if (this.#done % this.#loader.stepsPerEpoch === 0) this.#multiplier = this.#controller.multiplier;
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
        ...stepRates(config, epoch),
        progress: this.#done / this.#steps,
        multiplier: this.#multiplier,
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
    this.#multiplier = this.#controller.multiplier;
    this.#done++;
    const end = performance.now();
    this.#pending = { report, epoch, end, milliseconds: end - this.#stepStart, waited, images };
    this.#calibrate(epoch);
    this.#stepStart = end;
  }

  /** Now and then, asks what plain images cost, and a step later tells the controller. */
  #calibrate(epoch: number): void {
    const { plainImages, trainee, config } = this.#parts;
    const share = this.#takePlainShare();
    if (share !== null) this.#controller.calibrate(share);
    const isGated = plainImages !== null && epoch >= config.gateWarmup;
    if (!isGated || this.#done % CALIBRATION_STEPS !== 0) return;
    this.#plain = plainShare(trainee, plainImages, config.seed, this.#calibrations++);
  }

  /** What plain images cost, where it was asked for and not told yet. */
  #takePlainShare(): number | null {
    if (this.#plain !== null) {
      using plain = this.#plain;
      this.#plain = null;
      return plain.read()["share"] ?? NaN;
    }
    const share = this.#plainShare;
    this.#plainShare = null;
    return share;
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
    const { config, observer } = this.#parts;
    using report = this.#pending.report;
    this.#pending = null;
    const { loss = NaN, share = null, noiseFreeShare = null, ...terms } = report.read();
    if (noiseFreeShare !== null) this.#controller.observe(noiseFreeShare);
    const record: StepRecord = {
      step: this.#done,
      steps: this.#steps,
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
    this.#record(record);
    observer.step(record);
    if (!Number.isFinite(loss)) {
      throw new DivergenceError(
        `step ${this.#done}: the loss is ${loss} at --lr ${config.lr}; give a smaller one, or a longer --warmup-epochs`,
      );
    }
  }

  #record(record: StepRecord | EvaluationRecord): void {
    const { run, events } = this.#parts;
    run.record(record);
    events.append(record, wallTime());
  }

  /** Looks at the networks before the first step; false if the run was asked to stop meanwhile. */
  async #observeUntrained(): Promise<boolean> {
    const { trainee: { network }, evaluator, config: { mode }, observer } = this.#parts;
    if (evaluator === null) return true;
    const stepsFor = (pass: Pass) => evaluator.health(network.encoderOf(pass), pass);
    const untrained = await forPasses(observer, trainedNetworks(mode), stepsFor);
    if (untrained === null) return false;
    untrained.forEach((health, pass) => this.#untrained.set(pass, health));
    this.#stepStart = performance.now();
    return true;
  }

  /** Judges and records the networks; false if the run was asked to stop meanwhile. Features that are alike for all images end it. */
  async #evaluate(epoch: number): Promise<boolean> {
    const { trainee: { network }, evaluator, probes, config, observer } = this.#parts;
    if (evaluator === null) return true;
    const stepsFor = (pass: Pass) => evaluator.watch(network.encoderOf(pass), pass, probes?.get(pass));
    const watched = await forPasses(observer, trainedNetworks(config.mode), stepsFor);
    if (watched === null) return false;
    this.#networks = Object.fromEntries(watched);
    const record: EvaluationRecord = { step: this.#done, epoch, networks: this.#networks };
    this.#record(record);
    observer.evaluation(record);
    for (const [pass, { health }] of watched) {
      const untrained = this.#untrained.get(pass);
      if (untrained) checkHealth(health, untrained, { network: pass, step: this.#done, ...config });
    }
    this.#stepStart = performance.now();
    return true;
  }

  /** Begins to save where the run is, as the last checkpoint, and at the end of some epochs as theirs. */
  async #save(): Promise<void> {
    const { run, device, training, config, dataset } = this.#parts;
    const { autotune, plans, keepCheckpoints, checkpointEvery } = config;
    if (autotune || plans !== null) run.writePlans(device.exportPlans());
    this.#plainShare = this.#takePlainShare();
    const metadata = checkpointMetadata(config, {
      step: this.#done,
      ...run.imagesState(dataset.pretraining.count),
      multiplier: this.#multiplier,
      controller: this.#controller.state,
      plainShare: this.#plainShare,
      calibrations: this.#calibrations,
      untrained: Object.fromEntries(this.#untrained),
    });
    const epochs = this.#done / this.#loader.stepsPerEpoch;
    const stays = checkpointEvery > 0 && Number.isInteger(epochs) && epochs % checkpointEvery === 0;
    const place = run.checkpointPlace;
    // A checkpoint is never on the disk without the lines of its steps.
    run.metrics.flush();
    await this.#writer.begin(training, { ...place, kept: keepCheckpoints, epochs: stays ? epochs : null, metadata });
  }

  #result(stopped: boolean): TrainingResult {
    this.#parts.run.metrics.flush();
    return { stopped, steps: this.#done, networks: this.#networks };
  }
}

/**
 * Trains a run, from its beginning or from a checkpoint, writing metrics and checkpoints to its folder.
 *
 * Repeated with the same configuration on the same device and thread count, it gives the same weights and metrics, bit for bit, but
 * for times; and it gives what it would have given in one go where it was stopped, at any step, and goes on.
 *
 * @param checkpoint where to go on, of a run of this configuration but perhaps for its number of epochs; null: the beginning.
 * @throws {InvalidInputError} where the data set holds less than one batch, the device lacks the precision asked for, or the
 * checkpoint is of another network.
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
  checkpoint: Checkpoint | null = null,
): Promise<TrainingResult> {
  stepsOf(config, dataset); // refuses a batch that does not fit
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
  const training = trainingState(trainee, probes);
  if (checkpoint !== null) loadCheckpoint(checkpoint, training);
  const done = checkpoint?.state.step ?? 0;
  run.rewind(done, (line) => observer.damaged?.(line));
  const given = { device, config, precision, dataset, run, observer, events: run.beginEvents(done, wallTime()) };
  const made = { trainee, images, plainImages, evaluator, probes, training, state: checkpoint?.state ?? null };
  return await new Training({ ...given, ...made }).execute();
}
