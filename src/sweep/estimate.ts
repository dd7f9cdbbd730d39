/**
 * What a sweep will take: time, from the speed of a few steps, and disk, from the size of what runs save.
 *
 * @module
 */
import type { Device } from "../device/mod.ts";
import { featureSize, networkCost } from "../models/mod.ts";
import { benchStep, macsPerView } from "../bench/step.ts";
import type { RunConfig } from "../config/options.ts";
import { plannedPairs } from "../training/passes.ts";
import { networkSpec, trainedNetworks } from "../config/network.ts";
import { createTrainee, trainingState } from "../training/trainee.ts";

/** A run, and the images it has. */
export interface EstimatedRun {
  /** Its options. */
  readonly config: RunConfig;
  /** Height and width of its images in pixels. */
  readonly side: number;
  /** Images to train on. */
  readonly trainingImages: number;
  /** Images that are encoded to evaluate a network: labelled ones to train a probe with, and to test. */
  readonly evaluationImages: number;
}

/** What is expected. */
export interface SweepEstimate {
  /** Seconds that all runs take, so many at a time; null if other machines compute. */
  readonly seconds: number | null;
  /** Bytes of disk that they fill. */
  readonly bytes: number;
}

/** Images of the step that is timed at most: its speed, not its memory, is of interest. */
const TIMED_BATCH = 64;
/** Bytes of a step's lines in `metrics.jsonl` and in the event file, about. */
const BYTES_PER_STEP = 2000;
/** A training step makes three passes' worth of products for one pass, and encoding, in f32, takes about two passes of its time. */
const [TRAINED_PASS, ENCODED_PASS] = [3, 2];

/** What a run takes, in products of one kind: those that take the time of a training step's. */
export interface RunWork {
  /** Of its training. */
  readonly training: number;
  /** Of its evaluation: all networks, trained and untrained. */
  readonly evaluation: number;
}

/** The products of a run. */
export function workOf({ config, side, trainingImages, evaluationImages }: EstimatedRun): RunWork {
  const cost = networkCost(networkSpec(config, side));
  const pairs = plannedPairs(config, config.gateWarmup).length;
  const view = macsPerView(cost, featureSize(config), config.projector);
  const training = TRAINED_PASS * 2 * pairs * config.epochs * trainingImages * view;
  const networks = 2 * trainedNetworks(config.mode).length;
  return { training, evaluation: ENCODED_PASS * networks * evaluationImages * cost.macs };
}

/** Products that a device makes in a second of training. */
function measuredRate(device: Device, config: RunConfig): number {
  const batch = Math.min(config.batch, TIMED_BATCH);
  const { gflops } = benchStep(device, { ...config, batch }, { steps: 2, warmup: 1, peak: 1 });
  return gflops * 1e9 / 2;
}

/** Bytes of one checkpoint. */
function checkpointBytes(device: Device, { config, side }: EstimatedRun): number {
  using trainee = createTrainee(device, config, side);
  return 4 * [...trainingState(trainee, null).state().values()].reduce((sum, { size }) => sum + size, 0);
}

/** What decides how large a run's checkpoints are. */
function networkKey({ config, side }: EstimatedRun): string {
  const { arch, width, stem, objective, mode, projector, separateNorm, separateEncoders, gateReduction } = config;
  return JSON.stringify(
    [arch, width, stem, objective, mode, projector, separateNorm, separateEncoders, gateReduction, side],
  );
}

function diskBytes(device: Device, runs: readonly EstimatedRun[]): number {
  const known = new Map<string, number>();
  return runs.reduce((sum, run) => {
    const key = networkKey(run);
    const bytes = known.get(key) ?? checkpointBytes(device, run);
    known.set(key, bytes);
    const { config: { epochs, batch, keepCheckpoints, checkpointEvery }, trainingImages } = run;
    const files = keepCheckpoints + (checkpointEvery === 0 ? 0 : Math.floor(epochs / checkpointEvery));
    return sum + files * bytes + epochs * Math.ceil(trainingImages / batch) * BYTES_PER_STEP;
  }, 0);
}

/**
 * Estimates runs from the speed of the first one's steps, on this device and as many threads as it was opened with.
 *
 * @param jobs runs at a time, each as fast as the step that is timed; null if other machines compute, whose speed is not known here.
 */
export function estimateSweep(device: Device, runs: readonly EstimatedRun[], jobs: number | null): SweepEstimate {
  const [first] = runs;
  if (first === undefined) return { seconds: 0, bytes: 0 };
  const bytes = diskBytes(device, runs);
  if (jobs === null) return { seconds: null, bytes };
  const total = runs.map(workOf).reduce((sum, { training, evaluation }) => sum + training + evaluation, 0);
  return { seconds: total / measuredRate(device, first.config) / Math.min(jobs, runs.length), bytes };
}
