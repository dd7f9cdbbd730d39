/**
 * Estimates the memory that a run needs, from a dry run of its step and its evaluation.
 *
 * @module
 */
import {
  BATCHES_AHEAD,
  type Dataset,
  type EvaluationImages,
  type ImageRun,
  type ImageSet,
  imagesOf,
  type MemoryImages,
  readerThreads,
} from "../data/mod.ts";
import { type Device, dryRunPeak } from "../device/mod.ts";
import { ENCODED_BATCH } from "../evaluation/mod.ts";
import { type DualNetwork, featureSize, networkCost, philoxNoise } from "../models/mod.ts";
import { Scope, Tensor } from "../tensor/mod.ts";
import type { RunConfig } from "../config/options.ts";
import { isControlled } from "./budget_loop.ts";
import { plannedPairs } from "./passes.ts";
import { isLadder, networkSpec, trainedNetworks } from "../config/network.ts";
import { plainShare } from "./plain_share.ts";
import { activationType, type Precision, resolvePrecision } from "../tensor/precision.ts";
import { trainingStep } from "./step.ts";
import { createTrainee, type Trainee, trainingState } from "./trainee.ts";

/** What decides the memory that the images of a run take. */
export interface ImageMemory {
  /** Training images. */
  readonly count: number;
  /** Height and width of the images that the network sees, in pixels. */
  readonly side: number;
  /** Images that evaluation reads, training and test images together; 0 without labels. */
  readonly evaluated: number;
  /** Bytes of the images that are kept in host memory; 0 if all are read on demand. */
  readonly stored: number;
  /** Pictures that a batch reads per image: 0 from host memory, 1 from records, 2 (one per view) from a file. */
  readonly read: 0 | 1 | 2;
  /** Pixels of the largest image file. */
  readonly largest: number;
}

/** Images of a benchmark: their memory is not worth counting. */
export function drawnImages(side: number): ImageMemory {
  return { count: Infinity, side, evaluated: 0, stored: 0, read: 0, largest: 0 };
}

/** Images without pixels, for a dry run. */
class BlankImages implements EvaluationImages {
  readonly set: MemoryImages;

  constructor(readonly device: Device, { count, side }: ImageMemory) {
    this.set = { kind: "memory", count, height: side, width: side, labels: null, images: new Uint8Array(0) };
  }

  normalised(from: number, to: number): Tensor {
    const shape = [to - from, this.set.height, this.set.width, 3];
    using _pixels = new Tensor(this.device, shape, "u8");
    return new Tensor(this.device, shape);
  }

  gathered(runs: readonly ImageRun[]): Tensor {
    return this.normalised(0, imagesOf(runs));
  }

  [Symbol.dispose](): void {}
}

/** Memory of the process before it allocates anything for the run: runtime, libraries, program code. */
const PROCESS_BYTES = 120e6;
/**
 * Memory that native functions allocate for themselves or that is lost between buffers: a share of the rest plus a
 * constant.
 */
const [SCRATCH_SHARE, SCRATCH_BYTES] = [0.03, 20e6];
/**
 * Copies of the training state while a checkpoint is saved: from the device, in PyTorch's layout, as a file, and as the
 * file read back. Not all are freed before the next checkpoint begins. Measured.
 */
const CHECKPOINT_COPIES = 4.5;
/**
 * Bytes per pixel while a file is decoded. JPEG files are decoded row by row, or from coefficients of about this size.
 */
const DECODED_BYTES = 3;
/** An evaluation keeps its features and a copy that is normalised row by row. */
const FEATURE_COPIES = 2;
/** Values per image that the rotation head keeps until the backward sweep: about 20 times a hidden layer. */
const ROTATION_VALUES = 20 * 2048;
const F32 = Float32Array.BYTES_PER_ELEMENT;

/** Collects from a data set what decides the memory of its images. */
export function imageMemory({ pretraining, labelled }: Pick<Dataset, "pretraining" | "labelled">): ImageMemory {
  const sets = new Set<ImageSet>([pretraining, ...(labelled === null ? [] : [labelled.train, labelled.test])]);
  const stored = [...sets].flatMap((set) => set.kind === "memory" ? [set.images.length] : []);
  const files = [...sets].flatMap((set) => set.kind === "files" ? [set.sizes] : []);
  const pixels = files.flatMap((sizes) => {
    return [sizes.reduce((most, side, i) => i % 2 === 0 ? most : Math.max(most, side * (sizes[i - 1] ?? 0)), 0)];
  });
  return {
    count: pretraining.count,
    side: pretraining.height,
    evaluated: (labelled?.train.count ?? 0) + (labelled?.test.count ?? 0),
    stored: stored.reduce((sum, bytes) => sum + bytes, 0),
    read: pretraining.kind === "memory" ? 0 : pretraining.kind === "records" ? 1 : 2,
    largest: Math.max(0, ...pixels),
  };
}

/** Bytes of the batches that are read ahead, on the device or on the host. */
function slotBytes({ batch, dataOnDevice }: RunConfig, { side, read, stored }: ImageMemory): number {
  const pictures = stored > 0 && !dataOnDevice ? 1 : read;
  return (BATCHES_AHEAD + 1) * pictures * batch * side * side * 3;
}

/** Bytes that the rotation of views and the rotation head add to a step. */
function rotationBytes(config: RunConfig, side: number, precision: Precision): number {
  if (!config.rotation) return 0;
  const densePasses = (isVanilla: boolean) =>
    plannedPairs(config, isVanilla).flat().filter(({ pass }) => pass === "dense").length;
  const passes = Math.max(densePasses(false), config.gateWarmup > 0 || config.vanillaShare > 0 ? densePasses(true) : 0);
  const value = activationType(precision) === "bf16" ? 2 : F32;
  return config.batch * passes * (side * side * 3 * value + ROTATION_VALUES * F32);
}

/** A training step on blank images. */
function blankStep(device: Device, trainee: Trainee, config: RunConfig, side: number, precision: Precision): void {
  using _scope = new Scope();
  const view = () => new Tensor(device, [config.batch, side, side, 3], activationType(precision));
  const noise = (pass: number) => philoxNoise(device, { seed: config.seed, step: 0 }, pass);
  using _report = trainingStep(trainee, config, { views: [view(), view()], epoch: config.gateWarmup, rate: 0, noise });
}

/** A pass that estimates the norms of a ladder, on one view of each image beside another. */
function blankNorms(network: DualNetwork, images: BlankImages, precision: Precision): void {
  using _scope = new Scope();
  const view = () => images.normalised(0, Math.min(images.set.count, ENCODED_BATCH));
  const [first] = [view(), view()];
  const encoder = network.encoderOf("gated");
  encoder.evaluate("gated", first, { trace: { batchStatistics: true, visit: () => {} }, precision });
  encoder.freeCopies();
}

/** An evaluation of the run's networks on blank images. */
function blankEvaluation(
  device: Device,
  { network, ...trainee }: Trainee,
  config: RunConfig,
  images: ImageMemory,
  precision: Precision,
): void {
  const blank = new BlankImages(device, { ...images, count: Math.min(images.count, 2 * ENCODED_BATCH) });
  if (isControlled(config) && Number.isFinite(images.count)) {
    using _share = plainShare({ network, ...trainee }, blank, config.seed, 0);
  }
  if (isLadder(config) && Number.isFinite(images.count)) blankNorms(network, blank, precision);
  if (images.evaluated === 0 || config.evalEvery === 0) return;
  for (const pass of trainedNetworks(config.mode)) {
    using _scope = new Scope();
    const encoded = Math.min(images.evaluated, ENCODED_BATCH);
    network.encoderOf(pass).evaluate(pass, blank.normalised(0, encoded), { precision });
    network.encoderOf(pass).freeCopies();
  }
}

/** The peak of a run's device memory, and the size of its training state, in bytes. */
function deviceNeed(device: Device, config: RunConfig, images: ImageMemory): { peak: number; state: number } {
  const precision = resolvePrecision(config.precision, device.description);
  const { side, stored, evaluated } = images;
  let state = 0;
  const peakOf = (...works: readonly ((trainee: Trainee) => void)[]) =>
    dryRunPeak(device, () => {
      using trainee = createTrainee(device, config, side, null);
      state = F32 * [...trainingState(trainee, null).state().values()].reduce((sum, { size }) => sum + size, 0);
      for (const work of works) work(trainee);
    });
  const step = (trainee: Trainee) => blankStep(device, trainee, config, side, precision);
  const evaluation = (trainee: Trainee) => blankEvaluation(device, trainee, config, images, precision);
  // A recorded step keeps its memory. Evaluations, and batches of another shape, need theirs besides.
  const recordings = config.cudaGraph ? (config.vanillaShare > 0 ? 2 : 1) : 0;
  const dry = peakOf(step, evaluation) + (recordings === 0 ? 0 : recordings * (peakOf(step) - peakOf()));
  const features = FEATURE_COPIES * F32 * (config.evalEvery === 0 ? 0 : evaluated) * featureSize(config);
  const held = (config.dataOnDevice ? stored : 0) + slotBytes(config, images) + features;
  return { peak: (1 + SCRATCH_SHARE) * (dry + rotationBytes(config, side, precision)) + SCRATCH_BYTES + held, state };
}

/** Bytes that a run needs besides those on its device. */
function hostNeed(config: RunConfig, images: ImageMemory, state: number): number {
  const decoding = images.read === 2 ? readerThreads(config.workers) * images.largest * DECODED_BYTES : 0;
  const evaluation = images.evaluated > 0 && config.evalEvery > 0 || images.read > 0
    ? 2 * Math.min(images.count, ENCODED_BATCH) * images.side ** 2 * 3
    : 0;
  return PROCESS_BYTES + images.stored + slotBytes(config, images) + decoding + evaluation + CHECKPOINT_COPIES * state;
}

/** Bytes of weights, gradients and momentum: the part that does not depend on the batch. */
function weightBytes(config: RunConfig, side: number): number {
  const { params } = networkCost(networkSpec(config, side));
  const { projector } = config;
  return 3 * F32 * (params + featureSize(config) * projector + 2 * projector * projector);
}

/**
 * The bytes of device memory that a run needs; on the CPU the bytes of the whole process. The estimate is the same on
 * every machine with the same instructions.
 *
 * @param most returns at once if the weights alone need more, so that a network too large for any machine is not built.
 */
export function memoryNeed(device: Device, config: RunConfig, images: ImageMemory, most = Infinity): number {
  const weights = weightBytes(config, images.side);
  if (weights > most) return weights;
  const { peak, state } = deviceNeed(device, config, images);
  return Math.ceil(device.kind === "cpu" ? peak + hostNeed(config, images, state) : peak);
}
