/**
 * Estimates a sweep's time, from the speed of a few steps, and its disk space, from the size of its checkpoints.
 *
 * @module
 */
import type { Device } from "../device/mod.ts";
import { featureSize, networkCost } from "../models/mod.ts";
import { benchStep, macsPerView } from "../bench/step.ts";
import { type Protocol, staticWays } from "../evaluation/mod.ts";
import type { RunConfig } from "../config/options.ts";
import { pairsBetween } from "../training/passes.ts";
import { networkOptions, networkSpec, trainedNetworks } from "../config/network.ts";
import { createTrainee, trainingState } from "../training/trainee.ts";

/** A run with the size and number of its images. */
export interface EstimatedRun {
  /** The run's options. */
  readonly config: RunConfig;
  /** Height and width of an image in pixels. */
  readonly side: number;
  /** Images of an epoch. */
  readonly trainingImages: number;
  /** Images that an evaluation encodes: the labelled training images and the test images. */
  readonly evaluationImages: number;
  /** How the networks are evaluated. */
  readonly protocols: readonly Protocol[];
}

/** The estimate for all runs of a sweep. */
export interface SweepEstimate {
  /** Wall-clock seconds for all runs; null if other machines compute. */
  readonly seconds: number | null;
  /** Bytes that the runs write to disk. */
  readonly bytes: number;
}

/** Largest batch of the timed step: a small batch gives the speed with less memory. */
const TIMED_BATCH = 64;
/** Approximate bytes that a step adds to `metrics.jsonl` and to the event file. */
const BYTES_PER_STEP = 2000;
/**
 * Cost in units of one forward pass in training precision: a training pass computes forward, input gradient and weight
 * gradient; encoding computes in f32 unless the spec says otherwise, which takes about twice as long.
 */
const [TRAINED_PASS, ENCODED_PASS] = [3, 2];
/**
 * Encodings of all images that the protocol `masks` adds: its own masks with other norms, exchanged masks, open
 * channels, the oracle's masks, and static masks of every way with two sets of norms.
 */
const MASK_ENCODINGS = 4 + 2 * staticWays.length;

/** The work of a run in MACs, each of which takes as long as a MAC of a training step. */
export interface RunWork {
  /** MACs of the training. */
  readonly training: number;
  /** MACs of the evaluation of all networks, trained and untrained. */
  readonly evaluation: number;
}

/** Counts the MACs of a run. */
export function workOf({ config, side, trainingImages, evaluationImages, protocols }: EstimatedRun): RunWork {
  const cost = networkCost(networkSpec(config, side));
  const pairs = pairsBetween(config, 0, config.epochs, 1);
  const view = macsPerView(cost, featureSize(config), config.projector);
  const training = TRAINED_PASS * 2 * pairs * trainingImages * view;
  const encodings = 2 * trainedNetworks(config.mode).length;
  const masked = protocols.includes("masks") && config.mode !== "vanilla" ? MASK_ENCODINGS : 0;
  return { training, evaluation: ENCODED_PASS * (encodings + masked) * evaluationImages * cost.macs };
}

/** Measures a device's speed in MACs a second of training. */
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

/** A key that is equal for runs whose checkpoints have the same size. */
function networkKey({ config, side }: EstimatedRun): string {
  return JSON.stringify([networkOptions({ ...config, seed: 0 }, side), config.objective]);
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
 * Estimates all runs from the speed of the first run's steps on this device, with the device's threads.
 *
 * @param jobs runs at a time, assuming that each keeps the measured speed; null if other machines compute: their speed
 * is unknown.
 */
export function estimateSweep(device: Device, runs: readonly EstimatedRun[], jobs: number | null): SweepEstimate {
  const [first] = runs;
  if (first === undefined) return { seconds: 0, bytes: 0 };
  const bytes = diskBytes(device, runs);
  if (jobs === null) return { seconds: null, bytes };
  const total = runs.map(workOf).reduce((sum, { training, evaluation }) => sum + training + evaluation, 0);
  return { seconds: total / measuredRate(device, first.config) / Math.min(jobs, runs.length), bytes };
}
