/**
 * The training loop of a run: steps, epochs, records and checkpoints.
 *
 * @module
 */
import { hasOpening } from "../config/network.ts";
import { type RunConfig, storeOptions } from "../config/options.ts";
import {
  type Dataset,
  type EvaluationImages,
  type ImageSet,
  ImageStores,
  Loader,
  type SkippedImage,
  type TrainingImages,
} from "../data/mod.ts";
import type { Device } from "../device/mod.ts";
import { DivergenceError, OutOfMemoryError } from "../errors.ts";
import { Evaluator, TrainingViews } from "../evaluation/mod.ts";
import { philoxNoise } from "../models/mod.ts";
import { type Checkpoint, checkpointMetadata, loadCheckpoint } from "../run/checkpoint.ts";
import { CheckpointWriter } from "../run/checkpoint_writer.ts";
import type { EventLog } from "../run/event_log.ts";
import type { EvaluationRecord, StepRecord, TrainingObserver, TrainingResult } from "../run/records.ts";
import type { RunFolder } from "../run/run_folder.ts";
import { stepsOf } from "../run/run_length.ts";
import type { RunState } from "../run/run_state.ts";
import type { TrainingState } from "../run/training_state.ts";
import { type Precision, resolvePrecision, Scope, withPrecision } from "../tensor/mod.ts";
import { augmentedViews } from "./augmented_views.ts";
import { BudgetLoop, isControlled } from "./budget_loop.ts";
import { withFittingBatch } from "./fitting_batch.ts";
import { GateFitting } from "./gate_fitting.ts";
import { openLadder, restLadder } from "./ladder_costs.ts";
import { NetworkWatcher } from "./network_watch.ts";
import { OnlineProbes } from "./online_probes.ts";
import { plannedPairs } from "./passes.ts";
import { type StepTaker, stepTaker } from "./recorded_steps.ts";
import { drawTurns } from "./rotation.ts";
import { budgetOptions, copiesNorms, isVanillaStep, noiseScale, openingOf, stepRates } from "./schedules.ts";
import type { StepInputs } from "./step_inputs.ts";
import { copyNorms, createTrainee, openGates, type Trainee, trainingState } from "./trainee.ts";
import { type PendingStep, stepRecord } from "./pending_step.ts";
import { yieldToEvents } from "./yield_to_events.ts";

/** Seconds since 1970, for TensorBoard. */
const wallTime = () => Date.now() / 1000;

/** Everything that the loop works with. */
interface TrainingParts {
  readonly device: Device;
  readonly config: RunConfig;
  readonly precision: Precision;
  readonly dataset: Dataset;
  readonly run: RunFolder;
  readonly events: EventLog;
  readonly observer: TrainingObserver;
  readonly trainee: Trainee;
  readonly images: TrainingImages;
  /** The training images as they are evaluated, for the budget's controller; null without a controller. */
  readonly plainImages: EvaluationImages | null;
  /** Opens views of the training images. */
  readonly views: () => TrainingViews<ImageSet>;
  /** Null if the data set has no labels, or the run does not evaluate. */
  readonly evaluator: Evaluator | null;
  /** Null without an evaluator, or if the training images have no labels. */
  readonly probes: OnlineProbes | null;
  readonly steps: StepTaker;
  /** All tensors that training changes. */
  readonly training: TrainingState;
  /** The state to resume from; null at the beginning. */
  readonly state: RunState | null;
}

class Training {
  readonly #parts: TrainingParts;
  readonly #loader: Loader;
  readonly #steps: number;
  readonly #start = performance.now();
  #stepStart = this.#start;
  #done: number;
  readonly #fitting: GateFitting;
  readonly #writer = new CheckpointWriter();
  #pending: PendingStep | null = null;
  #networks: EvaluationRecord["networks"] = {};
  readonly #watcher: NetworkWatcher;
  readonly #budget: BudgetLoop;

  constructor(parts: TrainingParts) {
    const { config, dataset, images, trainee, state } = parts;
    const { batch, seed, epochs, dropLast } = config;
    this.#parts = parts;
    this.#done = state?.step ?? 0;
    this.#budget = new BudgetLoop(parts, state);
    if (state === null) restLadder(trainee, config);
    this.#watcher = new NetworkWatcher({ ...parts, network: trainee.network }, state?.untrained);
    this.#loader = new Loader(images, { dataset, batch, seed, epochs, dropLast, done: this.#done });
    this.#steps = this.#loader.stepsPerEpoch * epochs;
    this.#fitting = new GateFitting(parts, this.#done === this.#steps && state?.isFitted !== false);
  }

  async execute(): Promise<TrainingResult> {
    try {
      const result = await this.#run();
      await this.#writer.settle();
      return result;
    } catch (error) {
      // A checkpoint that is being written is finished whatever the failure is, and the failure is what counts.
      await this.#writer.settle().catch(() => {});
      throw error;
    } finally {
      this.#writer[Symbol.dispose]();
      this.#pending?.report[Symbol.dispose]();
      this.#budget[Symbol.dispose]();
    }
  }

  async #run(): Promise<TrainingResult> {
    // A run that stopped between an epoch's last step and its evaluation evaluates now.
    if (this.#isBetweenEpochs && !await this.#betweenEpochs()) return this.#result(true);
    while (this.#done < this.#steps) {
      const isWhole = await this.#epoch();
      this.#flush();
      if (this.#isBetweenEpochs) this.#budget.afterEpoch();
      await this.#save();
      if (!isWhole || !await this.#betweenEpochs()) return this.#result(true);
    }
    return this.#result(false);
  }

  /** The place of the next step. */
  get #place() {
    return { done: this.#done, stepsPerEpoch: this.#loader.stepsPerEpoch };
  }

  get #isBetweenEpochs(): boolean {
    return this.#done % this.#loader.stepsPerEpoch === 0;
  }

  /** Trains to the end of the present epoch. Returns false if a stop was requested before the end. */
  async #epoch(): Promise<boolean> {
    const epoch = Math.floor(this.#done / this.#loader.stepsPerEpoch);
    do {
      this.#step(epoch);
      await yieldToEvents();
      this.#writer.check();
      if (this.#parts.observer.stopRequested()) return false;
    } while (!this.#isBetweenEpochs);
    return true;
  }

  #step(epoch: number): void {
    const trained = this.#withinMemory(() => this.#train(epoch));
    try {
      this.#flush();
    } catch (error) {
      trained.report[Symbol.dispose]();
      throw error;
    }
    this.#done++;
    const { config, trainee } = this.#parts;
    if (copiesNorms(config, this.#place)) copyNorms(trainee);
    const end = performance.now();
    this.#pending = { ...trained, epoch, end, milliseconds: end - this.#stepStart };
    this.#budget.afterStep(this.#done, epoch);
    this.#stepStart = end;
  }

  /** Trains on the next batch. */
  #train(epoch: number): Pick<PendingStep, "report" | "target" | "waited" | "views"> {
    using _scope = new Scope();
    const { config, trainee, device, precision, dataset, probes, steps } = this.#parts;
    const begin = performance.now();
    const stored = this.#loader.next();
    const waited = performance.now() - begin;
    const images = stored.indices.length;
    const place = this.#place;
    const isVanilla = isVanillaStep(config, place);
    const cost = openLadder(trainee, config, this.#done, this.#steps);
    const budget = cost === null ? this.#budget.price(epoch, place) : budgetOptions(config, epoch, cost);
    if (hasOpening(config)) openGates(trainee, openingOf(config, place));
    const inputs: StepInputs = {
      views: augmentedViews(stored, dataset, precision),
      epoch,
      ...stepRates(config, epoch),
      progress: this.#done / this.#steps,
      budget,
      isVanilla,
      turns: config.rotation ? drawTurns(config.seed, this.#done, images) : undefined,
      noise: (pass) => philoxNoise(device, { seed: config.seed, step: this.#done }, pass),
      noiseScale: noiseScale(config, place),
      listener: probes?.listener(stored.indices, epoch),
    };
    const report = withPrecision(device, precision, () => steps.run(inputs));
    restLadder(trainee, config);
    const views = 2 * images * plannedPairs(config, isVanilla).length;
    return { report, target: budget.target, waited, views };
  }

  /** Whether the last step is done, and the gates have not been fitted. */
  get #isFitDue(): boolean {
    return this.#done === this.#steps && this.#fitting.isDue;
  }

  /** Fits the gates if that is due. Returns false if a stop was requested meanwhile. */
  async #fitGates(): Promise<boolean> {
    if (!this.#isFitDue) return true;
    if (!await this.#fitting.fit()) return false;
    await this.#save(true);
    return true;
  }

  /** Runs a step. If the device has no memory for it, the error names a batch that fits. */
  #withinMemory<T>(step: () => T): T {
    try {
      return step();
    } catch (error) {
      if (!(error instanceof OutOfMemoryError)) throw error;
      const { device, trainee, config, precision, dataset: { pretraining: { height, width } } } = this.#parts;
      throw withFittingBatch(error, device, { trainee, config, precision, size: [height, width] });
    }
  }

  /**
   * Reads and records the scalars of the step before.
   *
   * @throws {DivergenceError} if the loss is not finite.
   */
  #flush(): void {
    if (this.#pending === null) return;
    const pending = this.#pending;
    const { config, observer } = this.#parts;
    using report = pending.report;
    this.#pending = null;
    const scalars = report.read();
    this.#budget.observe(scalars["noiseFreeShare"] ?? null, pending.target);
    const place = { step: this.#done, steps: this.#steps, start: this.#start };
    const record = stepRecord(config, pending, scalars, place, this.#budget.latestMultiplier);
    const { loss } = record;
    this.#record(record);
    observer.step(record);
    if (!Number.isFinite(loss)) {
      throw new DivergenceError(
        `step ${this.#done}: the loss is ${loss} at --lr ${config.lr}; give a smaller --lr, or a longer --warmup-epochs`,
      );
    }
  }

  #record(record: StepRecord | EvaluationRecord): void {
    const { run, events } = this.#parts;
    run.record(record);
    events.append(record, wallTime());
  }

  /**
   * Looks at the untrained networks, and evaluates trained ones if that is due; at the end, first brings the gates to
   * the budget. Returns false if a stop was requested meanwhile.
   */
  async #betweenEpochs(): Promise<boolean> {
    if (!await this.#fitGates()) return false;
    const { evaluator, config: { evalEvery } } = this.#parts;
    const [epochs, isFirst] = [this.#done / this.#loader.stepsPerEpoch, this.#done === 0];
    const isDue = isFirst || epochs % evalEvery === 0 || this.#done === this.#steps;
    if (evaluator === null || !isDue) return true;
    const isWhole = isFirst ? await this.#watcher.observeUntrained(evaluator) : await this.#evaluate(evaluator, epochs);
    // The evaluation is no part of the next step's time.
    this.#stepStart = performance.now();
    return isWhole;
  }

  /** Evaluates and records the networks. Returns false if a stop was requested meanwhile. */
  async #evaluate(evaluator: Evaluator, epoch: number): Promise<boolean> {
    const { precision } = this.#parts;
    const watched = await this.#watcher.evaluate(evaluator);
    if (watched === null) return false;
    this.#networks = Object.fromEntries(watched);
    const record: EvaluationRecord = { step: this.#done, epoch, precision, networks: this.#networks };
    this.#record(record);
    this.#parts.observer.evaluation(record);
    this.#watcher.check(watched, this.#done);
    return true;
  }

  /**
   * Begins to save a checkpoint: the last one, and at the end of every `checkpointEvery` epochs also one that stays.
   *
   * @param supersedes whether it replaces the checkpoint before it, of the same step.
   */
  async #save(supersedes = false): Promise<void> {
    const { run, device, training, config, dataset } = this.#parts;
    const { autotune, plans, keepCheckpoints, checkpointEvery } = config;
    if (autotune || plans !== null) run.writePlans(device.exportPlans());
    const metadata = checkpointMetadata(config, {
      step: this.#done,
      ...run.imagesState(dataset.pretraining.count),
      ...this.#budget.state(),
      untrained: this.#watcher.untrained,
      ...(this.#isFitDue ? { isFitted: false } : {}),
    });
    const epochs = this.#done / this.#loader.stepsPerEpoch;
    const stays = checkpointEvery > 0 && Number.isInteger(epochs) && epochs % checkpointEvery === 0;
    const place = run.checkpointPlace;
    // The metrics of a checkpoint's steps are on the disk before the checkpoint is.
    run.metrics.flush();
    await this.#writer.begin(training, {
      ...place,
      kept: keepCheckpoints,
      epochs: stays ? epochs : null,
      supersedes,
      metadata,
    });
  }

  #result(stopped: boolean): TrainingResult {
    this.#parts.run.metrics.flush();
    return { stopped, steps: this.#done, networks: this.#networks };
  }
}

/**
 * Trains a run from its beginning or from a checkpoint, and writes metrics and checkpoints to its folder.
 *
 * The same configuration gives the same weights and metrics (times aside), bit for bit, on the same device with the
 * same number of threads. A run that stops at any step and resumes gives what it would have given in one go.
 *
 * @param checkpoint a checkpoint of this configuration (its `epochs` may differ) to resume from; null starts from the
 * beginning.
 * @throws {InvalidInputError} if the data set holds less than one batch, the device lacks the precision asked for, or
 * the checkpoint is of another network.
 * @throws {DivergenceError} at the first loss that is not finite, and if an evaluation finds features that are not; the
 * checkpoint of the last whole epoch stays.
 * @throws {CollapseError} if an evaluation finds that features have become alike for all images; the weights are saved.
 */
export async function pretrain(
  device: Device,
  config: RunConfig,
  dataset: Dataset,
  run: RunFolder,
  observer: TrainingObserver,
  checkpoint: Checkpoint | null = null,
): Promise<TrainingResult> {
  stepsOf(config, dataset); // throws if the data set holds less than one batch
  const precision = resolvePrecision(config.precision, device.description);
  const skipped = (image: SkippedImage) => {
    run.appendSkipped(image);
    observer.skipped(image);
  };
  dataset.skipped.forEach(skipped);
  using trainee = createTrainee(device, config, dataset.pretraining.height);
  using stores = new ImageStores(device, dataset, { ...storeOptions(config), skipped });
  const images = stores.training(dataset.pretraining, config.batch);
  const plainImages = isControlled(config) ? stores.evaluation(dataset.pretraining) : null;
  const views = () => new TrainingViews(stores, dataset.pretraining);
  const evaluator = dataset.labelled === null || config.evalEvery === 0
    ? null
    : new Evaluator(stores, config.seed, precision);
  using probes = evaluator && OnlineProbes.of(device, config, dataset);
  using steps = stepTaker(trainee, config, (reason) => observer.unrecorded?.(reason));
  const training = trainingState(trainee, probes);
  if (checkpoint !== null) loadCheckpoint(checkpoint, training);
  const done = checkpoint?.state.step ?? 0;
  run.rewind(done, (line) => observer.damaged?.(line));
  const given = { device, config, precision, dataset, run, observer, events: run.beginEvents(done, wallTime()) };
  const made = {
    trainee,
    images,
    plainImages,
    views,
    evaluator,
    probes,
    steps,
    training,
    state: checkpoint?.state ?? null,
  };
  return await new Training({ ...given, ...made }).execute();
}
