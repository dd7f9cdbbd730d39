/**
 * A run's folder on disk: its configuration, metrics, checkpoints and evaluation.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { SkippedImage } from "../data/mod.ts";
import { InvalidInputError } from "../errors.ts";
import {
  clearLeftovers,
  JsonLines,
  makeFolder,
  PartialFolder,
  placeError,
  readTextFile,
  removeFolder,
  storageError,
  writeFileAtomically,
} from "../formats/mod.ts";
import { type Checkpoint, latestCheckpoint } from "./checkpoint.ts";
import { resolveConfig, type RunConfig } from "./config.ts";
import { CheckpointFiles } from "./checkpoint_files.ts";
import { type ConfigFile, formatConfig, parseConfigFile } from "./config_file.ts";
import type { Evaluation } from "./evaluate_run.ts";
import { parseEvaluation, remedyOfEvaluation } from "./evaluation_file.ts";
import { EventLog } from "./event_log.ts";
import { MetricsFile } from "./metrics_file.ts";
import { lockRun } from "./run_lock.ts";

const configName = "config.yaml";
const metricsName = "metrics.jsonl";
const eventsName = "tensorboard";
const checkpointsName = "checkpoints";
const plansName = "plans.txt";
const skippedName = "skipped.jsonl";
const evaluationName = "evaluation.json";

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

/** What stands at a path: nothing, an empty folder, a run, or something else. */
function occupantOf(path: string): "nothing" | "empty folder" | "run" | "something else" {
  try {
    const names = [...Deno.readDirSync(path)].map((entry) => entry.name);
    if (names.length === 0) return "empty folder";
    return names.includes(configName) ? "run" : "something else";
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "nothing";
    if (error instanceof Deno.errors.NotADirectory) return "something else";
    throw error;
  }
}

/** A temporary folder beside the place of a new run. @throws {InvalidInputError} if nothing may be written there. */
function makePartialFolder(path: string): PartialFolder {
  const parent = dirname(resolve(path));
  try {
    makeFolder(parent);
    return new PartialFolder(path);
  } catch (cause) {
    throw placeError(path, cause);
  }
}

/** The configuration in a run's file. @throws {InvalidInputError} naming the file, where it holds none. */
function configOf(path: string, parsed: ConfigFile): RunConfig {
  try {
    return resolveConfig({ file: parsed });
  } catch (error) {
    // What is wrong with several options together is said without saying where they are from.
    if (!(error instanceof InvalidInputError) || error.message.includes(path)) throw error;
    throw new InvalidInputError(`${path}: ${error.message}`, { cause: error });
  }
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
 * - `lock`, held by the process that trains the run.
 */
export class RunFolder {
  /** The folder's path as the caller gave it. */
  readonly path: string;
  /** The run's complete configuration. */
  readonly config: RunConfig;
  /** What the run was made with: versions, device, threads, precision. */
  readonly versions: Readonly<Record<string, string>>;
  /** `metrics.jsonl`. */
  readonly metrics: MetricsFile;
  /** `checkpoints/`. */
  readonly checkpoints: CheckpointFiles;
  readonly #skippedLines: JsonLines<string>;
  /** Damaged images that these name. */
  #skipped: Set<string> | null = null;

  private constructor(path: string, config: RunConfig, versions: Readonly<Record<string, string>>) {
    this.path = path;
    this.config = config;
    this.versions = versions;
    this.metrics = new MetricsFile(join(path, metricsName));
    this.checkpoints = new CheckpointFiles(join(path, checkpointsName));
    this.#skippedLines = new JsonLines(join(path, skippedName), skippedPath);
  }

  /**
   * Refuses a path at which no new run may be made.
   *
   * @throws {InvalidInputError} where a run, a file or a folder that is not empty stands there.
   */
  static checkFree(path: string): void {
    const occupant = occupantOf(path);
    if (occupant === "run") {
      throw new InvalidInputError(`${path}: already holds a run; give --out another folder, or remove this one`);
    }
    if (occupant === "something else") {
      throw new InvalidInputError(`${path}: is not an empty folder; give --out a new one`);
    }
  }

  /**
   * Makes the folder of a new run, with its parents. It appears at once and whole: it is made beside its place and then
   * renamed.
   *
   * @throws {InvalidInputError} as {@link RunFolder.checkFree}; nothing is written then.
   * @throws {StorageError} where there is no room; nothing stays.
   */
  static create(path: string, config: RunConfig, versions: Readonly<Record<string, string>>): RunFolder {
    RunFolder.checkFree(path);
    using partial = makePartialFolder(path);
    try {
      makeFolder(join(partial.path, checkpointsName));
      writeFileAtomically(join(partial.path, metricsName), new Uint8Array());
      writeFileAtomically(join(partial.path, configName), new TextEncoder().encode(formatConfig(config, versions)));
      partial.putInPlace();
    } catch (error) {
      throw storageError(path, error);
    }
    return new RunFolder(path, config, versions);
  }

  /**
   * Opens the folder of a run.
   *
   * @throws {InvalidInputError} where there is no run, or its configuration is damaged.
   */
  static open(path: string): RunFolder {
    const occupant = occupantOf(path);
    if (occupant === "nothing") throw new InvalidInputError(`${path}: there is no such run; check the path`);
    if (occupant !== "run") {
      throw new InvalidInputError(`${path}: holds no run (no ${configName}); give a folder that pretrain made`);
    }
    const file = join(path, configName);
    const { versions = {}, ...parsed } = parseConfigFile(file, readTextFile(file, "put config.yaml back"));
    return new RunFolder(path, configOf(file, parsed), versions);
  }

  /**
   * The same run under another configuration, which its `config.yaml` says from now on.
   *
   * @throws {StorageError} where there is no room or no permission; the old file stays.
   */
  reconfigured(config: RunConfig): RunFolder {
    const text = formatConfig(config, this.versions);
    writeFileAtomically(join(this.path, configName), new TextEncoder().encode(text));
    return new RunFolder(this.path, config, this.versions);
  }

  /**
   * Keeps other processes from training the run, until what is returned is disposed of or this process ends, however it does. What
   * killed processes left half-written is removed then.
   *
   * @throws {InvalidInputError} if another process trains the run.
   */
  lock(): Disposable {
    const lock = lockRun(this.path);
    clearLeftovers(this.path);
    this.checkpoints.clearLeftovers();
    return lock;
  }

  /** Removes the folder of a run that failed before its first step: there is nothing in it to keep. */
  discardIfUntrained(): void {
    if (Deno.statSync(join(this.path, metricsName)).size === 0) removeFolder(this.path);
  }

  /** Adds one line to `skipped.jsonl`, unless it names the image already. */
  appendSkipped(image: SkippedImage): void {
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
    const damaged = this.metrics.cutAfter(step);
    if (damaged.length > 0) report(describeDamage(join(this.path, metricsName), damaged));
    const lost = this.#skippedLines.cut(() => true);
    if (lost.length > 0) report(describeDamage(join(this.path, skippedName), lost));
  }

  /**
   * Begins an event file for TensorBoard, of what follows a step, which {@linkcode RunFolder.rewind} went back to.
   *
   * @param wallTime seconds since 1970.
   * @throws {StorageError} where there is no room or no permission.
   */
  beginEvents(step: number, wallTime: number): EventLog {
    return EventLog.begin(join(this.path, eventsName), { step, record: this.metrics.step(step) }, wallTime);
  }

  /**
   * The latest checkpoint that is whole.
   *
   * @param passedOver told of each later one that is damaged.
   * @throws {InvalidInputError} where the run has not saved one yet, or none is whole.
   */
  latestCheckpoint(passedOver: (line: string) => void): Checkpoint {
    const checkpoint = latestCheckpoint(this.checkpoints, passedOver);
    if (checkpoint !== null) return checkpoint;
    throw new InvalidInputError(
      `${this.checkpoints.last()}: is missing; let pretrain finish, or remove the run and start it again`,
    );
  }

  /** Path of `plans.txt`, where the run has measured or been given engines; else null. */
  plans(): string | null {
    const path = join(this.path, plansName);
    return existsSync(path) ? path : null;
  }

  /** Writes `plans.txt`, replacing an earlier one. */
  writePlans(plans: string): void {
    writeFileAtomically(join(this.path, plansName), new TextEncoder().encode(plans));
  }

  /** Writes `evaluation.json`, replacing an earlier one. */
  writeEvaluation(evaluation: object): void {
    const text = `${JSON.stringify(evaluation, null, 2)}\n`;
    writeFileAtomically(join(this.path, evaluationName), new TextEncoder().encode(text));
  }

  /**
   * What `evaluation.json` says; null where the run has not been evaluated.
   *
   * @returns with no `parts` where an earlier version wrote the file.
   * @throws {InvalidInputError} where the file is damaged.
   */
  readEvaluation(): Evaluation | null {
    const path = join(this.path, evaluationName);
    return existsSync(path) ? parseEvaluation(path, readTextFile(path, remedyOfEvaluation)) : null;
  }
}
