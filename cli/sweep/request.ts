/**
 * Checks a whole sweep before any run starts: every run's options, data and images, and the sweep's folder.
 *
 * @module
 */
import { InvalidInputError, InvalidOptionError } from "../../src/errors.ts";
import type { Dataset } from "../../src/data/mod.ts";
import type { Device } from "../../src/device/mod.ts";
import { unlockedWarning } from "../../src/formats/mod.ts";
import { labelledSets } from "../../src/evaluation/mod.ts";
import {
  type EstimatedRun,
  estimateSweep,
  locate,
  planSweep,
  readRunState,
  refitted,
  type StartedRun,
  type SweepEstimate,
  SweepFolder,
  type SweepJudging,
  type SweepPlan,
  type SweepRunState,
  SweepSpec,
  type TracedRun,
  workOf,
} from "../../src/sweep/mod.ts";
import { checkAgainstImages } from "../../src/config/config.ts";
import { fitConfig, usualBatch } from "../../src/training/fitted_config.ts";
import { type ImageMemory, imageMemory } from "../../src/training/memory_need.ts";
import { machineOptions } from "../../src/config/options.ts";
import { openDataset } from "../../src/config/open_dataset.ts";
import { type OutputOptions, remark } from "../ui/output.ts";

/** A sweep whose options, data and images are checked; the machine that computes it is not known yet. */
export interface SweepRequest {
  /** The user's spec. */
  readonly spec: SweepSpec;
  /** Path of the sweep's folder. */
  readonly out: string;
  /** The sweep that is in the folder already, or null. */
  readonly present: SweepFolder | null;
  /** The runs in the order of the plan. */
  readonly runs: readonly TracedRun[];
  /** The images of each run, in the same order. */
  readonly images: readonly ImageMemory[];
}

/** A sweep that is ready to start on a known kind of machine. */
export interface CheckedSweep extends Omit<SweepRequest, "runs" | "images"> {
  /** The runs, each with its threads and its batch. */
  readonly plan: SweepPlan;
  /** Names of the runs that are not done. */
  readonly left: readonly string[];
  /** Damaged runs by name, with the reason. A damaged run does not start. */
  readonly damaged: ReadonlyMap<string, string>;
  /** All runs with their progress so far, for a display. */
  readonly started: readonly StartedRun[];
  /** Time and disk space that the remaining runs need. */
  readonly estimate: SweepEstimate;
}

/**
 * A key that is equal for runs with the same images. Leaves out the seed, which changes drawn images but not their
 * number and size.
 */
function imagesKey({ config }: TracedRun): string {
  const { dataset, data, trainImages, testImages, imageSize, classList } = config;
  return JSON.stringify([dataset, data, trainImages, testImages, imageSize, classList]);
}

/** Opens the data set of a run. Refuses a data set that lacks the labelled images of an evaluation. */
function openImages(spec: SweepSpec, run: TracedRun): Dataset {
  const { evaluate: { protocol } } = spec.contents;
  const option = run.config.data === null ? "dataset" : "data";
  try {
    const dataset = openDataset(run.config);
    labelledSets(dataset, protocol);
    return dataset;
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    throw locate(spec, run.placeOf(error instanceof InvalidOptionError ? error.option : option), error);
  }
}

/**
 * Opens each data set once, and checks every run against its images.
 *
 * @throws {InvalidInputError} naming the spec's line if a budget cannot be reached, a batch is too large, or a file is
 * missing.
 */
function checkImages(spec: SweepSpec, runs: readonly TracedRun[]): Pick<SweepRequest, "runs" | "images"> {
  const opened = new Map<string, ImageMemory>();
  const fitted = runs.map((run) => {
    const key = imagesKey(run);
    let images = opened.get(key);
    if (images === undefined) {
      const { pretraining, labelled } = openImages(spec, run);
      images = imageMemory({ pretraining, labelled });
      opened.set(key, images);
    }
    // A run of the folder's earlier plan keeps its batch.
    const fitting = run.sources.fitted === undefined ? refitted(run, usualBatch(images.count)) : run;
    try {
      checkAgainstImages(fitting.config, { count: images.count, height: images.side });
    } catch (error) {
      if (!(error instanceof InvalidOptionError)) throw error;
      throw locate(spec, run.placeOf(error.option), error);
    }
    return { run: fitting, images };
  });
  return { runs: fitted.map(({ run }) => run), images: fitted.map(({ images }) => images) };
}

/**
 * Gives runs of the folder's earlier plan that plan's values for options that nobody set: a changed default is for new
 * runs only.
 */
function withStoredValues(present: SweepFolder | null, runs: readonly TracedRun[]): TracedRun[] {
  const elsewhere = new Set<string>(machineOptions);
  return runs.map((run) => {
    const stored = present?.plan.runs.find(({ name }) => name === run.name)?.config;
    if (stored === undefined) return run;
    return refitted(run, Object.fromEntries(Object.entries(stored).filter(([name]) => !elsewhere.has(name))));
  });
}

/**
 * Gives new runs a default batch that fits this machine's memory, shared by `jobs` runs at a time.
 *
 * @throws {InvalidInputError} naming the line of a run that cannot fit.
 */
function withFittingBatches({ spec, present, runs, images }: SweepRequest, device: Device, jobs: number): TracedRun[] {
  const sharing = device.kind === "cpu" ? jobs : Math.ceil(jobs / device.countOfKind());
  const memory = device.memoryTotal() / sharing;
  return runs.map((run, index) => {
    const own = images[index];
    if (own === undefined || present?.plan.runs.some(({ name }) => name === run.name)) return run;
    try {
      const { config: { batch } } = fitConfig({ ...run.sources, fitted: {} }, device, own, memory);
      return refitted(run, { batch });
    } catch (error) {
      if (!(error instanceof InvalidOptionError)) throw error;
      throw locate(spec, run.placeOf(error.option), error);
    }
  });
}

/**
 * Reads the spec and checks everything that does not depend on the machine that computes. Writes nothing and starts
 * nothing.
 *
 * @param path path of the spec.
 * @param out path of the sweep's folder.
 * @param flags options that the command line gives all runs, by their camelCase names.
 * @throws {InvalidInputError} if the spec, a run, its images or the folder is not usable.
 */
export function readRequest(path: string, out: string, flags: Readonly<Record<string, unknown>>): SweepRequest {
  const spec = SweepSpec.read(path);
  const runs = planSweep(spec, flags);
  const { evaluate: judging, retries } = spec.contents;
  const stored = withStoredValues(SweepFolder.isAt(out) ? SweepFolder.open(out) : null, runs);
  const present = SweepFolder.check(out, { runs: stored, judging, retries });
  return { spec, out, present, ...checkImages(spec, stored) };
}

/** The machine that computes the runs. */
export interface Placement {
  /** Threads of a run whose options set none; 0 for every processor that it may use. */
  readonly threads: number;
  /** Runs at a time on this machine, or null if other machines compute. */
  readonly jobs: number | null;
}

/**
 * Fixes the threads of every run: the result depends on their number, so it must stay the same when the sweep resumes.
 */
function withThreads({ runs, present }: SweepRequest, threads: number): TracedRun[] {
  return runs.map((run) => {
    const before = present?.plan.runs.find(({ name }) => name === run.name)?.config.threads ?? 0;
    if (run.config.threads > 0) return run;
    return { ...run, config: { ...run.config, threads: before > 0 ? before : threads } };
  });
}

function estimatedRun(
  { config }: TracedRun,
  { side, count, evaluated }: ImageMemory,
  { protocol }: SweepJudging,
): EstimatedRun {
  return { config, side, trainingImages: count, evaluationImages: evaluated, protocols: protocol };
}

/** A run with its progress before the sweep starts. @param state null for a new run. */
function startedRun(name: string, run: EstimatedRun, state: SweepRunState | null): StartedRun {
  const at = state === null || state.steps === null ? null : { step: state.step, steps: state.steps };
  return { name, work: workOf(run), at, isOver: state?.phase === "done" || state?.phase === "damaged" };
}

/**
 * Plans a checked request for one kind of machine.
 *
 * @param device the device that computes the runs; any device if other machines compute.
 */
export function planRequest(request: SweepRequest, device: Device, { threads, jobs }: Placement): CheckedSweep {
  const { spec, out, present, images } = request;
  const { evaluate: judging, retries } = spec.contents;
  const fitted = jobs === null ? request.runs : withFittingBatches(request, device, jobs);
  const runs = withThreads({ ...request, runs: fitted }, threads);
  const states = runs.map(({ name }) => {
    const run = present?.plan.runs.find((candidate) => candidate.name === name);
    return present === null || run === undefined ? null : readRunState(present, run);
  });
  const left = runs.filter((_, index) => states[index]?.phase !== "done").map(({ name }) => name);
  const damaged = states.flatMap((state) => {
    return state?.phase === "damaged" ? [[state.name, state.failure ?? ""] as const] : [];
  });
  const estimated = runs.flatMap((run, index) =>
    images[index] === undefined ? [] : [estimatedRun(run, images[index], judging)]
  );
  return {
    spec,
    out,
    present,
    plan: { runs, judging, retries },
    left,
    damaged: new Map(damaged),
    started: runs.flatMap(({ name }, index) => {
      const run = estimated[index];
      return run === undefined ? [] : [startedRun(name, run, states[index] ?? null)];
    }),
    estimate: estimateSweep(device, estimated.filter((_, index) => states[index]?.phase !== "done"), jobs),
  };
}

/**
 * Makes the sweep's folder, or writes the new plan into an existing one.
 *
 * @param held receives the sweep's lock, and releases it when it is disposed.
 * @throws {InvalidInputError} if another process runs the sweep, or made another sweep there in the meantime.
 * @throws {StorageError} if there is no room or no permission.
 */
export async function prepareFolder(
  { spec, out, plan }: CheckedSweep,
  held: DisposableStack,
  output: OutputOptions,
): Promise<SweepFolder> {
  const lock = held.use(await SweepFolder.claim(out));
  const warning = unlockedWarning(lock);
  if (warning !== null) remark(output, warning);
  return SweepFolder.prepare(out, spec, plan, lock);
}
