/**
 * What a run resumes from, and which of its options and images may change when it does.
 *
 * @module
 */
import { flagLabel, flagValue, type RunConfig, withGiven } from "../config/config.ts";
import { machineOptions } from "../config/options.ts";
import type { Dataset } from "../data/mod.ts";
import { InvalidInputError } from "../errors.ts";
import { checkConfig, checkImages, type Checkpoint, checkWeights, latestCheckpoint } from "./checkpoint.ts";
import { changedImages, checkImageList } from "./image_changes.ts";
import { listImages } from "./image_list.ts";
import type { RunFolder } from "./run_folder.ts";

/** A run that resumes. */
export interface Resumption {
  /** The run's folder. */
  readonly run: RunFolder;
  /** The run's configuration with the options that were given anew. */
  readonly config: RunConfig;
  /** The checkpoint to resume from, or null if the run stopped before its first one. */
  readonly checkpoint: Checkpoint | null;
}

/** Options and permissions for a run that resumes. */
export interface Renewal {
  /** Options by their camelCase names. Only those of the machine and `epochs` may differ from the run's own. */
  readonly given: Readonly<Record<string, unknown>>;
  /** Allows more epochs: the schedules then continue as in a run of that length. */
  readonly stretchSchedule: boolean;
  /** Allows other images than those that the checkpoint was trained on. */
  readonly acceptChangedImages: boolean;
}

/** Gets one line for a person. */
type Remark = (line: string) => void;

/** Options that may change when a run resumes: paths, the device, and more epochs. */
const renewable = new Set<string>([...machineOptions, "epochs"]);

/** @param isGiven whether the number was given for this resumption; else it is the run's own. */
function checkEpochs(wanted: number, first: number, stretch: boolean, isGiven: boolean): void {
  if (wanted < first) {
    throw new InvalidInputError(`--epochs ${wanted}: the run has ${first}; give ${first} or more, or leave it out`);
  }
  if (wanted > first && !stretch) {
    throw new InvalidInputError(
      `--epochs ${wanted}: the run has ${first}, and its schedules end there; ` +
        `add --stretch-schedule to continue them as in a run of ${wanted} epochs`,
    );
  }
  // With the run's own number given it is the command that made the run longer, repeated after a kill.
  if (wanted === first && stretch && !isGiven) {
    throw new InvalidInputError(`--stretch-schedule: the run has ${first} epochs; give --epochs a larger number`);
  }
}

/** The run's configuration with the options that were given anew. */
function renewedConfig({ given, stretchSchedule }: Renewal, own: RunConfig): RunConfig {
  // First of all, since a ramp of the run's own may be longer than fewer epochs.
  const isGiven = given["epochs"] !== undefined;
  const epochs = isGiven ? flagValue("epochs", given["epochs"]) : own.epochs;
  checkEpochs(epochs, own.epochs, stretchSchedule, isGiven);
  for (const name of Object.keys(given) as (keyof RunConfig)[]) {
    if (renewable.has(name)) continue;
    const value = flagValue(name, given[name]);
    if (JSON.stringify(value) === JSON.stringify(own[name])) continue;
    throw new InvalidInputError(
      `${flagLabel(name, value)}: the run has ${own[name]}, which cannot change when it resumes; leave it out`,
    );
  }
  return withGiven(own, given);
}

/** Refuses a checkpoint of another configuration than the run's; its number of epochs may be smaller. */
function checkOrigin(run: RunFolder, checkpoint: Checkpoint, remark: Remark): void {
  const { epochs } = run.config;
  const saved = Number(checkpoint.config["epochs"]);
  if (epochs <= saved) return checkConfig(checkpoint, run.config);
  // The process that made the run longer was killed before its first checkpoint.
  checkWeights(checkpoint, run.config);
  remark(`${run.path}: was extended from ${saved} to ${epochs} epochs before it stopped; resumes with ${epochs}`);
}

/**
 * Reads what a run resumes from.
 *
 * @param remark gets a line for each damaged checkpoint that is passed over.
 * @throws {InvalidInputError} if an option cannot change when a run resumes, `config.yaml` is not that of the
 * checkpoint any more, or no checkpoint is whole.
 */
export function readResumption(run: RunFolder, renewal: Renewal, remark: Remark): Resumption {
  const config = renewedConfig(renewal, run.config);
  const checkpoint = latestCheckpoint(run.checkpoints, remark);
  if (checkpoint !== null) checkOrigin(run, checkpoint, remark);
  return { run, config, checkpoint };
}

/**
 * Compares the number of training images with the checkpoint's.
 *
 * @throws {InvalidInputError} if they differ. The message names the first image that differs if the run has a list of
 * its images.
 */
export async function checkImageCount(run: RunFolder, checkpoint: Checkpoint, dataset: Dataset): Promise<void> {
  const { count } = dataset.pretraining;
  if (checkpoint.state.images === count) return;
  const list = await listImages(dataset);
  checkImages(checkpoint, count, list === null ? null : changedImages(run, checkpoint, list));
}

/**
 * Compares the images with the run's list of them, and stores the present list.
 *
 * @param remark gets a line if they differ and the renewal accepts that.
 * @throws {InvalidInputError} if they differ and the renewal does not accept that; the stored list stays.
 */
export async function renewImageList(
  { run, checkpoint }: Resumption,
  dataset: Dataset,
  { acceptChangedImages }: Renewal,
  remark: Remark,
): Promise<void> {
  const list = await listImages(dataset);
  if (list === null) return;
  if (checkpoint !== null && acceptChangedImages) {
    const change = changedImages(run, checkpoint, list);
    if (change !== null) remark(`images changed (${change}): the run resumes, but not bit for bit`);
  } else if (checkpoint !== null) checkImageList(run, checkpoint, list);
  if (run.readImageList() !== list.text) run.writeImageList(list);
}

/**
 * Changes of device, threads, precision or library that prevent a bit-identical resume, in a line; null without any.
 */
export function describeChanges(
  before: Readonly<Record<string, string>>,
  now: Readonly<Record<string, string>>,
): string | null {
  const names = Object.keys({ ...before, ...now }).filter((name) => before[name] !== now[name]);
  if (names.length === 0) return null;
  const changes = names.map((name) => `${name} ${now[name] ?? "none"} instead of ${before[name] ?? "none"}`);
  return `${changes.join(", ")}: the run resumes, but not bit for bit`;
}
