/**
 * Checks a whole sweep before anything is begun: every run's options, data and images, and where it is to go.
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

/** A sweep as it is asked for: its runs' options, data and images are right, wherever they will be computed. */
export interface SweepRequest {
  /** What the person wrote. */
  readonly spec: SweepSpec;
  /** The folder. */
  readonly out: string;
  /** The sweep that is in the folder already, or null. */
  readonly present: SweepFolder | null;
  /** The runs. */
  readonly runs: readonly TracedRun[];
  /** The images of each. */
  readonly images: readonly ImageMemory[];
}

/** A sweep that has been checked whole. */
export interface CheckedSweep extends Omit<SweepRequest, "runs" | "images"> {
  /** The runs, each with what it is computed on. */
  readonly plan: SweepPlan;
  /** Runs that are not done yet. */
  readonly left: readonly string[];
  /** Why runs cannot be read, by the names of those that are damaged: they are not begun. */
  readonly damaged: ReadonlyMap<string, string>;
  /** The runs and how far they are, for whoever shows what becomes of them. */
  readonly started: readonly StartedRun[];
  /** What the runs that are not done will take. */
  readonly estimate: SweepEstimate;
}

/** What decides which images a run has, but for the seed of those that are drawn. */
function imagesKey({ config }: TracedRun): string {
  const { dataset, data, trainImages, testImages, imageSize, classList } = config;
  return JSON.stringify([dataset, data, trainImages, testImages, imageSize, classList]);
}

/** Opens the data set of a run, and refuses one that no run can be evaluated with. */
function openImages(spec: SweepSpec, run: TracedRun): Dataset {
  const named = run.config.data === null ? "dataset" : "data";
  try {
    const dataset = openDataset(run.config);
    labelledSets(dataset);
    return dataset;
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    throw locate(spec, run.placeOf(error instanceof InvalidOptionError ? error.option : named), error);
  }
}

/**
 * Opens the images of all runs, each data set once, and compares runs with them.
 *
 * @throws {InvalidInputError} naming the line of what does not fit: a budget that cannot be reached, a batch that is too large,
 * files that are not there.
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
    // A run that the folder's plan has already keeps its batch.
    const counted = run.sources.fitted === undefined ? refitted(run, usualBatch(images.count)) : run;
    try {
      checkAgainstImages(counted.config, { count: images.count, height: images.side });
    } catch (error) {
      if (!(error instanceof InvalidOptionError)) throw error;
      throw locate(spec, run.placeOf(error.option), error);
    }
    return { run: counted, images };
  });
  return { runs: fitted.map(({ run }) => run), images: fitted.map(({ images }) => images) };
}

/** Runs that a sweep's folder has already, with its values for options that nobody gave: later defaults are for new runs. */
function withStoredValues(present: SweepFolder | null, runs: readonly TracedRun[]): TracedRun[] {
  const elsewhere = new Set<string>(machineOptions);
  return runs.map((run) => {
    const stored = present?.plan.runs.find(({ name }) => name === run.name)?.config;
    if (stored === undefined) return run;
    return refitted(run, Object.fromEntries(Object.entries(stored).filter(([name]) => !elsewhere.has(name))));
  });
}

/**
 * New runs with a default batch that fits the memory here, as so many at a time share it.
 *
 * @throws {InvalidInputError} naming the line of a run that cannot fit.
 */
function withFittingBatches({ spec, present, runs, images }: SweepRequest, device: Device, jobs: number): TracedRun[] {
  const sharing = device.kind === "cpu" ? jobs : Math.ceil(jobs / device.countOfKind());
  const memory = device.memoryTotal() / sharing;
  return runs.map((run, index) => {
    const of = images[index];
    if (of === undefined || present?.plan.runs.some(({ name }) => name === run.name)) return run;
    try {
      const { config: { batch } } = fitConfig({ ...run.sources, fitted: {} }, device, of, memory);
      return refitted(run, { batch });
    } catch (error) {
      if (!(error instanceof InvalidOptionError)) throw error;
      throw locate(spec, run.placeOf(error.option), error);
    }
  });
}

/**
 * Reads and checks everything that does not depend on where runs are computed. Nothing is written, and nothing begun.
 *
 * @param out the folder.
 * @param flags options that the command line gives all runs, by their camelCase names.
 * @throws {InvalidInputError}
 */
export function readRequest(path: string, out: string, flags: Readonly<Record<string, unknown>>): SweepRequest {
  const spec = SweepSpec.read(path);
  const runs = planSweep(spec, flags);
  const { evaluate: judging, retries } = spec.contents;
  const stored = withStoredValues(SweepFolder.isAt(out) ? SweepFolder.open(out) : null, runs);
  const present = SweepFolder.check(out, { runs: stored, judging, retries });
  return { spec, out, present, ...checkImages(spec, stored) };
}

/** Where runs are computed. */
export interface Placement {
  /** Threads of a run whose options say nothing of them; 0 for all that it is given there. */
  readonly threads: number;
  /** Runs at a time on this machine; null where others compute. */
  readonly jobs: number | null;
}

/** Every run with a number of threads of its own: what a run computes follows from it, and is to be the same when the sweep goes on. */
function withThreads({ runs, present }: SweepRequest, threads: number): TracedRun[] {
  return runs.map((run) => {
    const before = present?.plan.runs.find(({ name }) => name === run.name)?.config.threads ?? 0;
    if (run.config.threads > 0) return run;
    return { ...run, config: { ...run.config, threads: before > 0 ? before : threads } };
  });
}

/** A run with what its time and its disk space follow from. */
function estimatedRun({ config }: TracedRun, { side, count, evaluated }: ImageMemory): EstimatedRun {
  return { config, side, trainingImages: count, evaluationImages: evaluated };
}

/** A run as the sweep finds it. @param state null of a run that is new. */
function startedRun(name: string, run: EstimatedRun, state: SweepRunState | null): StartedRun {
  const at = state === null || state.steps === null ? null : { step: state.step, steps: state.steps };
  return { name, work: workOf(run), at, isOver: state?.phase === "done" || state?.phase === "damaged" };
}

/**
 * Plans what is asked for.
 *
 * @param device what the runs are computed on, or any where that is another machine's.
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
  const estimated = runs.flatMap((run, index) => images[index] === undefined ? [] : [estimatedRun(run, images[index])]);
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
 * Makes the folder, or gives the one that is there its new plan, once no other process works through its runs.
 *
 * @param held keeps other processes from the sweep until it is disposed of.
 * @throws {InvalidInputError} if another process works through the runs, or made another sweep there meanwhile.
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
