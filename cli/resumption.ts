/**
 * What `pretrain --resume RUN` goes on with: the run, its configuration and its latest whole checkpoint.
 *
 * @module
 */
import type { Dataset } from "../src/data/mod.ts";
import { InvalidInputError } from "../src/errors.ts";
import type { Checkpoint } from "../src/run/checkpoint.ts";
import type { RunConfig } from "../src/config/config.ts";
import { kebabCase, machineOptions } from "../src/config/options.ts";
import type { RunFolder } from "../src/run/run_folder.ts";

/** A run that goes on. */
export interface Resumption {
  /** Its folder. */
  readonly run: RunFolder;
  /** Its configuration, the few options that may be given anew in place. */
  readonly config: RunConfig;
  /** Where it goes on; null where it was stopped before it saved. */
  readonly checkpoint: Checkpoint | null;
}

/** What is given anew to a run that goes on. */
export interface Renewal {
  /** Options by their camelCase names. */
  readonly given: Readonly<Record<string, unknown>>;
  /** Whether more epochs are to go on as in a run that long from its beginning. */
  readonly stretchSchedule: boolean;
  /** Whether the run may go on with other images than those that its checkpoint was trained on. */
  readonly acceptChangedImages: boolean;
}

/** Flags that name another source of a configuration than the run's own. */
const otherSources = ["out", "config", "preset", "printConfig"] as const;

/** What may be given to a run that goes on: where things lie, what computes, and more epochs. */
const renewable = new Set<string>([...machineOptions, "epochs"]);

/** @throws {InvalidInputError} where a command that goes on with a run names another source of its configuration. */
export function refuseOtherSources(values: Readonly<Record<string, unknown>>): void {
  const other = otherSources.find((name) => values[name] !== undefined);
  if (other === undefined) return;
  throw new InvalidInputError(
    `--${kebabCase(other)} with --resume: the run has its own folder and configuration; leave it out`,
  );
}

/** @param isGiven whether the number was given, or is the run's own. */
function checkEpochs(wanted: number, first: number, stretch: boolean, isGiven: boolean): void {
  if (wanted < first) {
    throw new InvalidInputError(
      `--epochs ${wanted}: the run was to have ${first}; give that many or more, or leave it out`,
    );
  }
  if (wanted > first && !stretch) {
    throw new InvalidInputError(
      `--epochs ${wanted}: the run was to have ${first}, and its schedule ends there; add --stretch-schedule, ` +
        `and what follows a schedule goes on as in a run of ${wanted}`,
    );
  }
  // With the number that the run has already, it is the command that made the run longer, given again after a kill.
  if (wanted === first && stretch && !isGiven) {
    throw new InvalidInputError(`--stretch-schedule: the run has ${first} epochs; give --epochs a larger number`);
  }
}

/** The run's configuration with what was given anew. */
async function renewedConfig({ given, stretchSchedule }: Renewal, own: RunConfig): Promise<RunConfig> {
  const { resolveConfig } = await import("../src/config/config.ts");
  const config = resolveConfig({ flags: { ...own, ...given } });
  for (const name of Object.keys(given) as (keyof RunConfig)[]) {
    if (renewable.has(name) || JSON.stringify(config[name]) === JSON.stringify(own[name])) continue;
    throw new InvalidInputError(
      `--${kebabCase(name)} ${config[name]}: the run was begun with ${own[name]}, and goes on so; leave it out`,
    );
  }
  checkEpochs(config.epochs, own.epochs, stretchSchedule, given["epochs"] !== undefined);
  return config;
}

/**
 * Reads what a run goes on with.
 *
 * @param remark told of checkpoints that are passed over because they are damaged.
 * @throws {InvalidInputError} if flags do not fit a run that goes on, its `config.yaml` is not that of its
 * checkpoint any more, or none of its checkpoints is whole.
 */
export async function readResumption(
  run: RunFolder,
  renewal: Renewal,
  remark: (line: string) => void,
): Promise<Resumption> {
  const { latestCheckpoint } = await import("../src/run/checkpoint.ts");
  const config = await renewedConfig(renewal, run.config);
  const checkpoint = latestCheckpoint(run.checkpoints, remark);
  if (checkpoint !== null) await checkOrigin(run, checkpoint, remark);
  return { run, config, checkpoint };
}

/** Refuses a checkpoint of another configuration than the run's; of fewer epochs it may be. */
async function checkOrigin(run: RunFolder, checkpoint: Checkpoint, remark: (line: string) => void): Promise<void> {
  const { checkConfig, checkWeights } = await import("../src/run/checkpoint.ts");
  const { epochs } = run.config;
  const saved = Number(checkpoint.config["epochs"]);
  if (epochs <= saved) return checkConfig(checkpoint, run.config);
  // The process that made the run longer was killed before its first checkpoint.
  checkWeights(checkpoint, run.config);
  remark(`${run.path}: was made longer, from ${saved} epochs to ${epochs}, before it was stopped; goes on so`);
}

/** Refuses another number of training images, naming the first image that differs if the run has a list of them. */
export async function refuseOtherCount(run: RunFolder, checkpoint: Checkpoint, dataset: Dataset): Promise<void> {
  const { count } = dataset.pretraining;
  if (checkpoint.state.images === count) return;
  const { listImages } = await import("../src/run/image_list.ts");
  const { changedImages } = await import("../src/run/image_changes.ts");
  const { checkImages } = await import("../src/run/checkpoint.ts");
  const list = await listImages(dataset);
  checkImages(checkpoint, count, list === null ? null : changedImages(run, checkpoint, list));
}

/**
 * Compares the images with the run's list of them, and puts the list of the present ones in its place.
 *
 * @param remark told if they differ and that is accepted.
 * @throws {InvalidInputError} if they differ and nobody accepts that; nothing is written then.
 */
export async function renewImageList(
  { run, checkpoint }: Resumption,
  dataset: Dataset,
  { acceptChangedImages }: Renewal,
  remark: (line: string) => void,
): Promise<void> {
  const { listImages } = await import("../src/run/image_list.ts");
  const { changedImages, checkImageList } = await import("../src/run/image_changes.ts");
  const list = await listImages(dataset);
  if (list === null) return;
  if (checkpoint !== null && acceptChangedImages) {
    const change = changedImages(run, checkpoint, list);
    if (change !== null) remark(`images changed (${change}): the run goes on, but not bit for bit as it would have`);
  } else if (checkpoint !== null) checkImageList(run, checkpoint, list);
  if (run.readImageList() !== list.text) run.writeImageList(list);
}

/** What computes otherwise than before, so that the run does not go on bit for bit; null where nothing does. */
export function describeChanges(
  before: Readonly<Record<string, string>>,
  now: Readonly<Record<string, string>>,
): string | null {
  const names = Object.keys({ ...before, ...now }).filter((name) => before[name] !== now[name]);
  if (names.length === 0) return null;
  const changes = names.map((name) => `${name} ${now[name] ?? "none"} instead of ${before[name] ?? "none"}`);
  return `${changes.join(", ")}: the run goes on, but not bit for bit as it would have`;
}
