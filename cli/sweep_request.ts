/**
 * Checks a whole sweep before anything is begun: every run's options, data and images, and where it is to go.
 *
 * @module
 */
import { InvalidInputError, InvalidOptionError } from "../src/errors.ts";
import type { Dataset } from "../src/data/mod.ts";
import type { Device } from "../src/device/mod.ts";
import { labelledSets } from "../src/evaluation/mod.ts";
import {
  type EstimatedRun,
  estimateSweep,
  locate,
  planSweep,
  readRunState,
  type SweepEstimate,
  SweepFolder,
  type SweepPlan,
  SweepSpec,
  type TracedRun,
} from "../src/sweep/mod.ts";
import { checkAgainstImages } from "../src/training/config.ts";
import { storageError } from "../src/formats/mod.ts";
import { openDataset } from "./datasets.ts";
import { type OutputOptions, remarkNoLocks } from "./ui/output.ts";

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
  /** What each of them takes. */
  readonly images: readonly EstimatedRun[];
}

/** A sweep that has been checked whole. */
export interface CheckedSweep extends Omit<SweepRequest, "runs" | "images"> {
  /** The runs, each with what it is computed on. */
  readonly plan: SweepPlan;
  /** Runs that are not done yet. */
  readonly left: readonly string[];
  /** What those will take. */
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
function checkImages(spec: SweepSpec, runs: readonly TracedRun[]): EstimatedRun[] {
  const opened = new Map<string, Omit<EstimatedRun, "config">>();
  return runs.map((run) => {
    const key = imagesKey(run);
    let images = opened.get(key);
    if (images === undefined) {
      const { pretraining, labelled } = openImages(spec, run);
      const evaluationImages = (labelled?.train.count ?? 0) + (labelled?.test.count ?? 0);
      images = { side: pretraining.height, trainingImages: pretraining.count, evaluationImages };
      opened.set(key, images);
    }
    try {
      checkAgainstImages(run.config, { count: images.trainingImages, height: images.side });
    } catch (error) {
      if (!(error instanceof InvalidOptionError)) throw error;
      throw locate(spec, run.placeOf(error.option), error);
    }
    return { config: run.config, ...images };
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
  const present = SweepFolder.check(out, { runs, judging, retries });
  return { spec, out, present, runs, images: checkImages(spec, runs) };
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

/**
 * Plans what is asked for.
 *
 * @param device what the runs are computed on, or any where that is another machine's.
 */
export function planRequest(request: SweepRequest, device: Device, { threads, jobs }: Placement): CheckedSweep {
  const { spec, out, present, images } = request;
  const { evaluate: judging, retries } = spec.contents;
  const runs = withThreads(request, threads);
  const left = runs.map(({ name }) => {
    const run = present?.plan.runs.find((candidate) => candidate.name === name);
    return present === null || run === undefined || readRunState(present, run).phase !== "done";
  });
  return {
    spec,
    out,
    present,
    plan: { runs, judging, retries },
    left: runs.flatMap(({ name }, index) => left[index] ? [name] : []),
    estimate: estimateSweep(device, images.filter((_, index) => left[index]), jobs),
  };
}

/**
 * Makes the folder, or gives the one that is there its new plan, once no other process works through its runs.
 *
 * @param held keeps others from it until it is disposed of.
 * @throws {InvalidInputError} if another process does, or made another sweep there meanwhile.
 * @throws {StorageError} if there is no room or no permission.
 */
export async function prepareFolder(
  { spec, out, plan }: CheckedSweep,
  held: DisposableStack,
  output: OutputOptions,
): Promise<SweepFolder> {
  try {
    Deno.mkdirSync(out, { recursive: true });
  } catch (error) {
    throw storageError(out, error);
  }
  // Locked before it is written to: of two processes that make one sweep, one is refused.
  const lock = held.use(await SweepFolder.lockAt(out));
  remarkNoLocks(output, lock);
  return SweepFolder.prepare(out, spec, plan, lock);
}
