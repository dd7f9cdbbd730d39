/**
 * Cost of the loader: training with it, compared with training on one batch that is on the device already.
 *
 * @module
 */
import { type Dataset, ImageStores, Loader } from "../data/mod.ts";
import type { Device } from "../device/mod.ts";
import { philoxNoise } from "../models/mod.ts";
import { median, timed } from "../device/stopwatch.ts";
import { Scope, type Tensor, unscoped } from "../tensor/mod.ts";
import { type RunConfig, storeOptions } from "../config/options.ts";
import { plannedPairs } from "../training/passes.ts";
import { type Precision, resolvePrecision, withPrecision } from "../tensor/precision.ts";
import { trainingStep } from "../training/step.ts";
import { createTrainee } from "../training/trainee.ts";
import { augmentedViews } from "../training/augmented_views.ts";

/** Speed of training with and without the loader. */
export interface LoaderBenchmark {
  /** Views trained on per second, with every batch loaded and augmented. */
  readonly viewsPerSecond: number;
  /** Views trained on per second, with the same views in every step. */
  readonly heldViewsPerSecond: number;
  /** Ratio of the two speeds: the median over pairs of steps, one of each kind. */
  readonly share: number;
  /** Name of the data set. */
  readonly dataset: string;
  /** Images per batch. */
  readonly batch: number;
  /** Name of the device. */
  readonly device: string;
  /** Precision of activations and matrix operands. */
  readonly precision: Precision;
  /** CPU threads. */
  readonly threads: number;
}

/** Steps of each kind to time, after the steps to warm up. */
const STEPS = 25;
const WARM_UP = 3;

/**
 * Times steps of both kinds in turn, so that other work of the machine affects both alike.
 *
 * @throws {InvalidInputError} if the batch does not fit the images, or the device lacks the configuration's precision.
 */
export function benchLoader(device: Device, config: RunConfig, dataset: Dataset): LoaderBenchmark {
  const { batch, seed } = config;
  const precision = resolvePrecision(config.precision, device.description);
  using _scope = new Scope();
  using trainee = createTrainee(device, config, dataset.pretraining.height);
  using stores = new ImageStores(device, dataset, storeOptions(config));
  const loader = new Loader(stores.training(dataset.pretraining, batch), { dataset, batch, seed, epochs: 4096 });
  let step = 0;
  const train = (views: readonly [Tensor, Tensor]) => {
    const address = { seed, step: step++ };
    const noise = (pass: number) => philoxNoise(device, address, pass);
    const inputs = { views, epoch: config.gateWarmup, rate: config.lr, noise };
    using _report = withPrecision(device, precision, () => trainingStep(trainee, config, inputs));
  };
  const withLoader = () => {
    using _step = new Scope();
    train(augmentedViews(loader.next(), dataset, precision));
  };
  const [first, second] = unscoped(() => augmentedViews(loader.next(), dataset, precision));
  using _first = first;
  using _second = second;
  const pair = () => [timed(device, () => train([first, second])), timed(device, withLoader)] as const;
  const pairs = Array.from({ length: WARM_UP + STEPS }, pair).slice(WARM_UP);
  const viewCount = 2 * batch * plannedPairs(config).length;
  const speed = (kind: 0 | 1) => viewCount / median(pairs.map((times) => times[kind])) * 1000;
  return {
    viewsPerSecond: speed(1),
    heldViewsPerSecond: speed(0),
    share: median(pairs.map(([held, loaded]) => held / loaded)),
    dataset: dataset.name,
    batch,
    device: device.description.name,
    precision,
    threads: device.threads,
  };
}
