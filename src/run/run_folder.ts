/**
 * A run's folder on disk: its configuration, metrics, checkpoints and evaluation.
 *
 * @module
 */

import { join } from "node:path";
import { missedBudget } from "../budget/missed_budget.ts";
import type { SkippedImage } from "../data/mod.ts";
import { InvalidInputError, LostFolderError } from "../errors.ts";
import {
  checkPlainFile,
  clearLeftovers,
  type FileLock,
  isPlainFile,
  JsonLines,
  type LockedFile,
  makeFolder,
  readTextFile,
  removeFolder,
  storageError,
  writeFileAtomically,
} from "../formats/mod.ts";
import { type Checkpoint, checkWeights, latestCheckpoint } from "./checkpoint.ts";
import type { RunConfig } from "../config/config.ts";
import { CheckpointFiles } from "./checkpoint_files.ts";
import { formatConfig } from "../config/config_file.ts";
import { type Evaluation, parseEvaluation, remedyOfEvaluation } from "./evaluation_file.ts";
import { EventLog } from "./event_log.ts";
import { digestOf, type ImageList } from "./image_list.ts";
import { MetricsFile } from "./metrics_file.ts";
import { targetOf } from "../config/network.ts";
import type { EvaluationRecord, StepRecord } from "./records.ts";
import { lockName, lockRun } from "./run_lock.ts";
import { checkFree, checkRun, makePartialFolder } from "./run_place.ts";
import type { RunState } from "./run_state.ts";
import { CONFIG_REMEDY, configName, readStoredConfig, type StoredConfig } from "../config/stored_config.ts";

const metricsName = "metrics.jsonl";
const eventsName = "tensorboard";
const checkpointsName = "checkpoints";
const plansName = "plans.txt";
const skippedName = "skipped.jsonl";
const evaluationName = "evaluation.json";
const imageListName = "images.tsv";
const IMAGE_LIST_REMEDY = "remove it, and it is made anew";
/** The files beside the folders of checkpoints and of event files. */
const fileNames = [configName, metricsName, plansName, skippedName, evaluationName, lockName, imageListName];

/** What the folder of a new run records of its images. */
export interface RunImages {
  /** What is taken of the data's folder and what is left out, in one line; null by default. */
  readonly line?: string | null;
  /** Their list; null, for images that are drawn, by default. */
  readonly list?: ImageList | null;
}

/** The image that a line of `skipped.jsonl` names; null if it names none. */
function skippedPath({ path }: Readonly<Record<string, unknown>>): string | null {
  return typeof path === "string" ? path : null;
}

/** That lines of a file are damaged, by their numbers. */
function describeDamage(path: string, lines: readonly number[]): string {
  const listed = lines.slice(0, 10).join(", ") + (lines.length > 10 ? ", ..." : "");
  return lines.length === 1
    ? `${path}: line ${listed} is damaged and is left out; the others stay`
    : `${path}: ${lines.length} lines are damaged and are left out (${listed}); the others stay`;
}

/**
 * One run on disk:
 *
 * - `config.yaml`: everything resolved, with the versions that made it;
 * - `metrics.jsonl`: one JSON object a line, one line a step or an evaluation;
 * - `tensorboard/`: the same for TensorBoard, a file for each time that training began or went on;
 * - `checkpoints/last.safetensors`, those before it and those of some epochs, as {@linkcode CheckpointFiles} names them;
 * - `evaluation.json`;
 * - `skipped.jsonl`, where image files were damaged: the path of each and what is wrong with it;
 * - `images.tsv`, if its images are files: the path of each, its size, label and checksum;
 * - `lock`, held by the process that trains the run.
 */
export class RunFolder {
  /** The folder's path as the caller gave it. */
  readonly path: string;
  /** The run's complete configuration. */
  readonly config: RunConfig;
  /** What the run was made with: versions, device, threads, precision. */
  readonly versions: Readonly<Record<string, string>>;
  /** What the run takes of its data's folder and what it leaves out, in one line; null if that was not recorded. */
  readonly images: string | null;
  /** `metrics.jsonl`. */
  readonly metrics: MetricsFile;
  /** `checkpoints/`. */
  readonly checkpoints: CheckpointFiles;
  readonly #skippedLines: JsonLines<string>;
  /** Damaged images that these name. */
  #skipped: Set<string> | null = null;
  /** Digest of `images.tsv`, null if there is none; not known before it is asked for. */
  #imageListDigest: string | null | undefined;
  /** What `config.yaml` says. */
  readonly #text: string;
  /** Held while this process trains the run. */
  #lock: FileLock | null = null;

  private constructor(path: string, { config, versions, images, text }: StoredConfig) {
    this.path = path;
    this.config = config;
    this.versions = versions;
    this.images = images;
    this.metrics = new MetricsFile(join(path, metricsName));
    this.checkpoints = new CheckpointFiles(join(path, checkpointsName));
    this.#skippedLines = new JsonLines(join(path, skippedName), skippedPath);
    this.#text = text;
  }

  /**
   * Refuses a path at which no new run may be made.
   *
   * @throws {InvalidInputError} where a run, a file or a folder that is not empty stands there.
   */
  static checkFree(path: string): void {
    checkFree(path);
  }

  /**
   * Makes the folder of a new run, with its parents. It appears at once and whole: it is made beside its place and then
   * renamed.
   *
   * @throws {InvalidInputError} as {@link RunFolder.checkFree}; nothing is written then.
   * @throws {StorageError} if there is no room; nothing stays.
   */
  static create(
    path: string,
    config: RunConfig,
    versions: Readonly<Record<string, string>>,
    { line = null, list = null }: RunImages = {},
  ): RunFolder {
    checkFree(path);
    const text = formatConfig(config, versions, line);
    using partial = makePartialFolder(path);
    try {
      const write = (name: string, text: string) => {
        writeFileAtomically(join(partial.path, name), new TextEncoder().encode(text));
      };
      makeFolder(join(partial.path, checkpointsName));
      write(metricsName, "");
      write(configName, text);
      if (list !== null) write(imageListName, list.text);
      partial.putInPlace();
    } catch (error) {
      // Another process may have made a run there meanwhile.
      checkFree(path);
      throw storageError(path, error);
    }
    const run = new RunFolder(path, { config, versions, images: line, text });
    run.#imageListDigest = list?.digest ?? null;
    return run;
  }

  /**
   * Opens the folder of a run.
   *
   * @throws {InvalidInputError} if there is no run, its configuration is damaged, or one of its files is a link: the folder of
   * checkpoints may be one, to another disk.
   */
  static open(path: string): RunFolder {
    checkRun(path);
    for (const name of fileNames) checkPlainFile(join(path, name));
    return new RunFolder(path, readStoredConfig(path));
  }

  /**
   * The same run under another configuration, which its `config.yaml` says from now on; the lock stays.
   *
   * @param images what the run takes of its data's folder; defaults to what was recorded.
   * @throws {StorageError} if there is no room or no permission; the old file stays.
   */
  reconfigured(config: RunConfig, images = this.images): RunFolder {
    const text = formatConfig(config, this.versions, images);
    this.#write(configName, text);
    const run = new RunFolder(this.path, { config, versions: this.versions, images, text });
    run.#lock = this.#lock;
    return run;
  }

  /**
   * Keeps other processes from training the run, until the lock is disposed of or this process ends, however it does. What
   * killed processes left half-written is removed then.
   *
   * @throws {InvalidInputError} if another process trains the run.
   * @throws {LostFolderError} if another run is at the path than the one that was opened.
   * @throws {StorageError} if the folder cannot be written to.
   */
  async lock(): Promise<FileLock> {
    using undone = new DisposableStack();
    const lock = undone.use(await lockRun(this.path));
    this.#checkSameRun("start this command again");
    undone.move();
    clearLeftovers(this.path);
    this.checkpoints.clearLeftovers();
    return this.#lock = lock;
  }

  /** Refuses another run at the path than the one that was opened, and one that goes on under another configuration by now. */
  #checkSameRun(consequence: string): void {
    if (this.#read(configName, CONFIG_REMEDY) === this.#text) return;
    throw new LostFolderError(
      `${this.path}: its ${configName} was removed or changed by another process since it was read; ${consequence}`,
    );
  }

  /** Where checkpoints are put, and what {@linkcode RunFolder.lock} locked, or null. */
  get checkpointPlace(): { readonly folder: string; readonly locked: LockedFile | null } {
    return { folder: this.checkpoints.folder, locked: this.#lock?.locked ?? null };
  }

  /**
   * Whatever trains the run asks this before it writes.
   *
   * @throws {LostFolderError} if this process locked the run, and the folder was removed or replaced since.
   */
  checkOwn(): void {
    this.#lock?.check();
  }

  /** Writes a file, replacing an earlier one. */
  #write(name: string, text: string): void {
    this.checkOwn();
    const path = join(this.path, name);
    checkPlainFile(path);
    writeFileAtomically(path, new TextEncoder().encode(text));
  }

  /** What a file says; null if it is not there. @param remedy what to do if it is too large. */
  #read(name: string, remedy: string): string | null {
    const path = join(this.path, name);
    return isPlainFile(path) ? readTextFile(path, remedy) : null;
  }

  /**
   * Removes the folder of a run that failed before its first step: there is nothing in it to keep.
   *
   * @throws {LostFolderError} if the folder is not this process's any more; the folder stays.
   */
  discardIfUntrained(): void {
    this.checkOwn();
    if (Deno.statSync(join(this.path, metricsName)).size === 0) removeFolder(this.path);
  }

  /**
   * Adds a line to `metrics.jsonl`.
   *
   * @throws {LostFolderError} if the folder is not this process's any more.
   * @throws {StorageError} if there is no room or no permission.
   */
  record(record: StepRecord | EvaluationRecord): void {
    this.checkOwn();
    this.metrics.append(record, () => this.checkOwn());
  }

  /** Adds one line to `skipped.jsonl`, unless it names the image already. */
  appendSkipped(image: SkippedImage): void {
    this.checkOwn();
    this.#skipped ??= new Set(this.#skippedLines.read().lines.map(({ record }) => record));
    if (this.#skipped.has(image.path)) return;
    this.#skipped.add(image.path);
    this.#skippedLines.append(image);
  }

  /**
   * Mends the files that a machine going down may have torn, and takes metrics of later steps than `step` away.
   *
   * @param report told in a line of what was damaged and is lost.
   */
  rewind(step: number, report: (line: string) => void): void {
    this.checkOwn();
    const damaged = this.metrics.cutAfter(step);
    if (damaged.length > 0) report(describeDamage(join(this.path, metricsName), damaged));
    const lost = this.#skippedLines.cut(() => true);
    if (lost.length > 0) report(describeDamage(join(this.path, skippedName), lost));
  }

  /**
   * Begins an event file for TensorBoard, of what follows a step, which {@linkcode RunFolder.rewind} went back to.
   *
   * @param wallTime seconds since 1970.
   * @throws {StorageError} if there is no room or no permission.
   */
  beginEvents(step: number, wallTime: number): EventLog {
    this.checkOwn();
    const last = { step, record: this.metrics.step(step) };
    return EventLog.begin(join(this.path, eventsName), last, wallTime, () => this.checkOwn());
  }

  /**
   * The latest checkpoint that is whole.
   *
   * @param passedOver told of each later one that is damaged.
   * @throws {InvalidInputError} if the run has not saved one yet, none is whole, or it is of another configuration.
   */
  latestCheckpoint(passedOver: (line: string) => void): Checkpoint {
    const checkpoint = latestCheckpoint(this.checkpoints, passedOver);
    if (checkpoint === null) {
      throw new InvalidInputError(
        `${this.checkpoints.last()}: is missing; let pretrain finish, or remove the run and start it again`,
      );
    }
    checkWeights(checkpoint, this.config);
    return checkpoint;
  }

  /** Path of `plans.txt`, if the run has measured or been given engines; else null. */
  plans(): string | null {
    const path = join(this.path, plansName);
    return isPlainFile(path) ? path : null;
  }

  /** Writes `plans.txt`, replacing an earlier one. */
  writePlans(plans: string): void {
    this.#write(plansName, plans);
  }

  /** What `images.tsv` says; null if the run has none, as one of an earlier version or one on drawn images. */
  readImageList(): string | null {
    return this.#read(imageListName, IMAGE_LIST_REMEDY);
  }

  /** Writes `images.tsv`, replacing an earlier one. */
  writeImageList({ text, digest }: ImageList): void {
    this.#write(imageListName, text);
    this.#imageListDigest = digest;
  }

  /** What a checkpoint says of the run's images: their number, and the digest of their list if there is one. */
  imagesState(images: number): Pick<RunState, "images" | "imageList"> {
    if (this.#imageListDigest === undefined) {
      const text = this.readImageList();
      this.#imageListDigest = text === null ? null : digestOf(text);
    }
    const imageList = this.#imageListDigest;
    return imageList === null ? { images } : { images, imageList };
  }

  /**
   * Writes `evaluation.json`, replacing an earlier one.
   *
   * @throws {LostFolderError} if another run is at the path than the one that was opened.
   * @throws {StorageError} if there is no room or no permission.
   */
  writeEvaluation(evaluation: object): void {
    this.#checkSameRun(`${evaluationName} is not written`);
    this.#write(evaluationName, `${JSON.stringify(evaluation, null, 2)}\n`);
  }

  /**
   * What `evaluation.json` says; null if the run has not been evaluated.
   *
   * @returns with no `parts` if an earlier version wrote the file.
   * @throws {InvalidInputError} if the file is damaged.
   */
  readEvaluation(): Evaluation | null {
    const text = this.#read(evaluationName, remedyOfEvaluation);
    if (text === null) return null;
    const stored = parseEvaluation(join(this.path, evaluationName), text);
    return { ...stored, budgetMissed: missedBudget(stored.networks.gated?.cost.share, targetOf(this.config)) };
  }
}
