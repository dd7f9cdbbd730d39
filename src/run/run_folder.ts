/**
 * A run's folder on disk: its configuration, metrics, checkpoints and evaluation.
 *
 * @module
 */

import { join } from "@std/path";
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
import { parseSpeed, remedyOfSpeed, type RunSpeed } from "./speed_file.ts";
import { CONFIG_REMEDY, configName, readStoredConfig, type StoredConfig } from "../config/stored_config.ts";

const metricsName = "metrics.jsonl";
const eventsName = "tensorboard";
const checkpointsName = "checkpoints";
const plansName = "plans.txt";
const skippedName = "skipped.jsonl";
const evaluationName = "evaluation.json";
const speedName = "speed.json";
const imageListName = "images.tsv";
const IMAGE_LIST_REMEDY = "remove it, and it is made anew";
/** All files directly in the folder. */
const fileNames = [
  configName,
  metricsName,
  plansName,
  skippedName,
  evaluationName,
  speedName,
  lockName,
  imageListName,
];

/** What a new run records of its images. */
export interface RunImages {
  /** Which images of the data's folder are used and which are left out, in one line; null by default. */
  readonly line?: string | null;
  /** The list of the images; null by default, for images that are drawn. */
  readonly list?: ImageList | null;
}

/** The path in a line of `skipped.jsonl`; null if the line is damaged. */
function skippedPath({ path }: Readonly<Record<string, unknown>>): string | null {
  return typeof path === "string" ? path : null;
}

/** Says which lines of a file are damaged. */
function describeDamage(path: string, lines: readonly number[]): string {
  const listed = lines.slice(0, 10).join(", ") + (lines.length > 10 ? ", ..." : "");
  return lines.length === 1
    ? `${path}: line ${listed} is damaged and is removed; the others stay`
    : `${path}: ${lines.length} lines are damaged and are removed (${listed}); the others stay`;
}

/**
 * One run on disk:
 *
 * - `config.yaml`: every option with its value, and the versions that made the run;
 * - `metrics.jsonl`: one JSON object per line, one line per step or evaluation;
 * - `tensorboard/`: the same for TensorBoard, one file for each process that trained the run;
 * - `checkpoints/`: the last checkpoints and those of some epochs, named by {@linkcode CheckpointFiles};
 * - `evaluation.json`, and the times of its networks in `speed.json`;
 * - `skipped.jsonl`, if image files were damaged: the path of each with the reason;
 * - `images.tsv`, if the images are files: path, size, label and checksum of each;
 * - `lock`, locked by the process that trains the run.
 */
export class RunFolder {
  /** The folder's path as the caller gave it. */
  readonly path: string;
  /** The run's complete configuration. */
  readonly config: RunConfig;
  /** What the run was made with: versions, device, threads, precision. */
  readonly versions: Readonly<Record<string, string>>;
  /**
   * Which images of the data's folder the run uses and which it leaves out, in one line; null if that was not recorded.
   */
  readonly images: string | null;
  /** `metrics.jsonl`. */
  readonly metrics: MetricsFile;
  /** `checkpoints/`. */
  readonly checkpoints: CheckpointFiles;
  readonly #skippedLines: JsonLines<string>;
  /** The paths in `skipped.jsonl`; null before it is read. */
  #skipped: Set<string> | null = null;
  /** Digest of `images.tsv`, null if there is no such file; undefined before it is read. */
  #imageListDigest: string | null | undefined;
  /** Text of `config.yaml`. */
  readonly #text: string;
  /** The lock, while this process trains the run. */
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
   * @throws {InvalidInputError} if a run, a file or a folder that is not empty is there.
   */
  static checkFree(path: string): void {
    checkFree(path);
  }

  /**
   * Makes the folder of a new run, with its parents. The folder is made under a temporary name and then renamed, so
   * that it is never seen half-made.
   *
   * @throws {InvalidInputError} as {@link RunFolder.checkFree}; nothing is written then.
   * @throws {StorageError} if there is no room; nothing is left behind.
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
      // Another process may have made a run at the path meanwhile.
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
   * @throws {InvalidInputError} if there is no run, its configuration is damaged, or one of its files is a link. Only
   * the folder of checkpoints may be a link, to another disk.
   */
  static open(path: string): RunFolder {
    checkRun(path);
    for (const name of fileNames) checkPlainFile(join(path, name));
    return new RunFolder(path, readStoredConfig(path));
  }

  /**
   * Replaces the run's `config.yaml`, and returns the run with the new configuration. It keeps the lock.
   *
   * @param images which images of the data's folder the run uses, in one line; defaults to what was recorded.
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
   * Keeps other processes from training the run until the lock is disposed of or this process ends, even if it is
   * killed. Also removes the temporary files of killed processes.
   *
   * @throws {InvalidInputError} if another process trains the run.
   * @throws {LostFolderError} if another run has taken the path since this one was opened.
   * @throws {StorageError} if the folder is not writable.
   */
  async lock(): Promise<FileLock> {
    using undone = new DisposableStack();
    const lock = undone.use(await lockRun(this.path));
    this.checkSame("start this command again");
    undone.move();
    clearLeftovers(this.path);
    this.checkpoints.clearLeftovers();
    return this.#lock = lock;
  }

  /** Checks that the run is still at its path. @throws {LostFolderError} if `config.yaml` has changed meanwhile. */
  checkSame(consequence: string): void {
    if (this.#read(configName, CONFIG_REMEDY) === this.#text) return;
    throw new LostFolderError(
      `${this.path}: its ${configName} was removed or changed by another process since it was read; ${consequence}`,
    );
  }

  /** The folder of checkpoints, and the file that {@linkcode RunFolder.lock} locked, or null. */
  get checkpointPlace(): { readonly folder: string; readonly locked: LockedFile | null } {
    return { folder: this.checkpoints.folder, locked: this.#lock?.locked ?? null };
  }

  /**
   * To be called before every write.
   *
   * @throws {LostFolderError} if this process holds the lock and the folder was removed or replaced.
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

  /** The text of a file; null if there is no such file. @param remedy what to do if the file is too large. */
  #read(name: string, remedy: string): string | null {
    const path = join(this.path, name);
    return isPlainFile(path) ? readTextFile(path, remedy) : null;
  }

  /**
   * Removes the folder if the run has recorded no step: it holds nothing to keep.
   *
   * @throws {LostFolderError} if the folder was replaced; it stays.
   */
  discardIfUntrained(): void {
    this.checkOwn();
    if (Deno.statSync(join(this.path, metricsName)).size === 0) removeFolder(this.path);
  }

  /**
   * Adds a line to `metrics.jsonl`.
   *
   * @throws {LostFolderError} if the folder was replaced.
   * @throws {StorageError} if there is no room or no permission.
   */
  record(record: StepRecord | EvaluationRecord): void {
    this.checkOwn();
    this.metrics.append(record, () => this.checkOwn());
  }

  /** Adds a damaged image to `skipped.jsonl`, unless it is there already. */
  appendSkipped(image: SkippedImage): void {
    this.checkOwn();
    this.#skipped ??= new Set(this.#skippedLines.read().lines.map(({ record }) => record));
    if (this.#skipped.has(image.path)) return;
    this.#skipped.add(image.path);
    this.#skippedLines.append(image);
  }

  /**
   * Repairs the files that a crash of the machine may have damaged, and removes the metrics after a step.
   *
   * @param step the last step whose metrics stay.
   * @param report gets a line for each damaged file: which lines are lost.
   */
  rewind(step: number, report: (line: string) => void): void {
    this.checkOwn();
    const damaged = this.metrics.cutAfter(step);
    if (damaged.length > 0) report(describeDamage(join(this.path, metricsName), damaged));
    const lost = this.#skippedLines.cut(() => true);
    if (lost.length > 0) report(describeDamage(join(this.path, skippedName), lost));
  }

  /**
   * Begins an event file for TensorBoard. Call {@linkcode RunFolder.rewind} first.
   *
   * @param step the last step done.
   * @param wallTime seconds since 1970.
   * @throws {StorageError} if there is no room or no permission.
   */
  beginEvents(step: number, wallTime: number): EventLog {
    this.checkOwn();
    const last = { step, record: this.metrics.step(step) };
    return EventLog.begin(join(this.path, eventsName), last, wallTime, () => this.checkOwn());
  }

  /**
   * The latest whole checkpoint.
   *
   * @param passedOver gets a line for each damaged checkpoint that is passed over.
   * @throws {InvalidInputError} if there is no whole checkpoint, or it is of another configuration.
   */
  latestCheckpoint(passedOver: (line: string) => void): Checkpoint {
    const checkpoint = latestCheckpoint(this.checkpoints, passedOver);
    if (checkpoint === null) {
      throw new InvalidInputError(
        `${this.checkpoints.last()}: is missing; let pretrain finish its first epoch, or remove the run and begin it again`,
      );
    }
    checkWeights(checkpoint, this.config);
    return checkpoint;
  }

  /** Path of `plans.txt`, or null if the run has no measured engines. */
  plans(): string | null {
    const path = join(this.path, plansName);
    return isPlainFile(path) ? path : null;
  }

  /** Writes `plans.txt`, replacing an earlier one. */
  writePlans(plans: string): void {
    this.#write(plansName, plans);
  }

  /** Text of `images.tsv`; null if its images are drawn, or an earlier version made the run. */
  readImageList(): string | null {
    return this.#read(imageListName, IMAGE_LIST_REMEDY);
  }

  /** Writes `images.tsv`, replacing an earlier one. */
  writeImageList({ text, digest }: ImageList): void {
    this.#write(imageListName, text);
    this.#imageListDigest = digest;
  }

  /** The state of the run's images for a checkpoint: their number, and the digest of their list if there is one. */
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
   * @throws {LostFolderError} if another run has taken the path since this one was opened.
   * @throws {StorageError} if there is no room or no permission.
   */
  writeEvaluation(evaluation: object): void {
    this.checkSame(`${evaluationName} is not written`);
    this.#write(evaluationName, `${JSON.stringify(evaluation, null, 2)}\n`);
  }

  /**
   * Reads `evaluation.json`.
   *
   * @returns null if the run has not been evaluated. `parts` is empty if an earlier version wrote the file.
   * @throws {InvalidInputError} if the file is damaged.
   */
  readEvaluation(): Evaluation | null {
    const text = this.#read(evaluationName, remedyOfEvaluation);
    if (text === null) return null;
    const stored = parseEvaluation(join(this.path, evaluationName), text);
    return { ...stored, budgetMissed: missedBudget(stored.networks.gated?.cost.share, targetOf(this.config)) };
  }

  /**
   * Writes `speed.json`, replacing an earlier one.
   *
   * @throws {LostFolderError} if another run has taken the path since this one was opened.
   * @throws {StorageError} if there is no room or no permission.
   */
  writeSpeed(speed: RunSpeed): void {
    this.checkSame(`${speedName} is not written`);
    this.#write(speedName, `${JSON.stringify(speed, null, 2)}\n`);
  }

  /** Reads `speed.json`; null if no evaluation wrote it. @throws {InvalidInputError} if the file is damaged. */
  readSpeed(): RunSpeed | null {
    const text = this.#read(speedName, remedyOfSpeed);
    return text === null ? null : parseSpeed(join(this.path, speedName), text);
  }
}
