/**
 * A run's folder on disk: its configuration, metrics, checkpoints and evaluation.
 *
 * @module
 */

import { basename, dirname, join, resolve } from "node:path";
import type { SkippedImage } from "../data/mod.ts";
import { InvalidInputError } from "../errors.ts";
import { writeFileAtomically } from "../formats/mod.ts";
import { resolveConfig, type RunConfig } from "./config.ts";
import { formatConfig, parseConfigFile } from "./config_file.ts";

const configName = "config.yaml";
const metricsName = "metrics.jsonl";
const checkpointsName = "checkpoints";
const plansName = "plans.txt";
const skippedName = "skipped.jsonl";
const evaluationName = "evaluation.json";

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

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** A temporary folder beside the place of a new run. @throws {InvalidInputError} where nothing may be written there. */
function makePartialFolder(path: string): string {
  const parent = dirname(resolve(path));
  try {
    Deno.mkdirSync(parent, { recursive: true });
    return Deno.makeTempDirSync({ dir: parent, prefix: `.${basename(resolve(path))}.` });
  } catch (cause) {
    const refused = [Deno.errors.PermissionDenied, Deno.errors.NotADirectory, Deno.errors.AlreadyExists];
    if (!refused.some((kind) => cause instanceof kind)) throw cause;
    throw new InvalidInputError(`${path}: ${parent} cannot be written to; give --out another place`, { cause });
  }
}

/**
 * One run on disk:
 *
 * - `config.yaml`: everything resolved, with the versions that made it;
 * - `metrics.jsonl`: one JSON object a line, one line a step or an evaluation;
 * - `checkpoints/last.safetensors` and `checkpoints/epoch-NNNN.safetensors`;
 * - `evaluation.json`;
 * - `skipped.jsonl`, where image files were damaged: the path of each and what is wrong with it.
 */
export class RunFolder {
  /** The folder's path as the caller gave it. */
  readonly path: string;
  /** The run's complete configuration. */
  readonly config: RunConfig;

  private constructor(path: string, config: RunConfig) {
    this.path = path;
    this.config = config;
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
   */
  static create(path: string, config: RunConfig, versions: Readonly<Record<string, string>>): RunFolder {
    RunFolder.checkFree(path);
    const partial = makePartialFolder(path);
    try {
      Deno.chmodSync(partial, 0o755);
      Deno.mkdirSync(join(partial, checkpointsName));
      Deno.writeTextFileSync(join(partial, metricsName), "");
      Deno.writeTextFileSync(join(partial, configName), formatConfig(config, versions));
      Deno.renameSync(partial, path);
    } catch (error) {
      Deno.removeSync(partial, { recursive: true });
      throw error;
    }
    return new RunFolder(path, config);
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
    return new RunFolder(path, resolveConfig({ file: parseConfigFile(file, Deno.readTextFileSync(file)) }));
  }

  /** Removes the folder of a run that failed before its first step: there is nothing in it to keep. */
  discardIfUntrained(): void {
    if (Deno.statSync(join(this.path, metricsName)).size === 0) Deno.removeSync(this.path, { recursive: true });
  }

  /** Adds one line to `metrics.jsonl`. */
  appendMetrics(record: object): void {
    Deno.writeTextFileSync(join(this.path, metricsName), `${JSON.stringify(record)}\n`, { append: true });
  }

  /** Adds one line to `skipped.jsonl`. */
  appendSkipped(image: SkippedImage): void {
    Deno.writeTextFileSync(join(this.path, skippedName), `${JSON.stringify(image)}\n`, { append: true });
  }

  /** Path of the last checkpoint, or of that after so many epochs. */
  checkpointPath(which: "last" | number): string {
    const name = which === "last" ? which : `epoch-${String(which).padStart(4, "0")}`;
    return join(this.path, checkpointsName, `${name}.safetensors`);
  }

  /**
   * Path of the last checkpoint, which must be there.
   *
   * @throws {InvalidInputError} where the run has not saved one yet.
   */
  lastCheckpoint(): string {
    const path = this.checkpointPath("last");
    if (isFile(path)) return path;
    throw new InvalidInputError(`${path}: is missing; let pretrain finish, or remove the run and start it again`);
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
}
