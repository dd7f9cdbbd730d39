/**
 * A sweep's folder on disk: spec, plan, runs, logs and results.
 *
 * @module
 */
import { join } from "@std/path";
import { existsSync, readFileSync } from "node:fs";
import { z } from "zod";
import { InvalidInputError } from "../errors.ts";
import {
  checkPlainFile,
  clearLeftovers,
  FileLock,
  isPlainFile,
  type LockState,
  makeFolder,
  placeError,
  readLock,
  storageError,
  writeFileAtomically,
} from "../formats/mod.ts";
import { resolveConfig, type RunConfig } from "../config/config.ts";
import { configByKey, configOfKeys } from "../config/config_file.ts";
import { kebabCase, machineOptions, runOptionNames } from "../config/options.ts";
import { RunFolder } from "../run/run_folder.ts";
import { DamagedRun, orDamaged } from "./damaged_run.ts";
import type { PlannedRun } from "./plan.ts";
import { isBegunSetUp, isFreeForSweep } from "./set_up.ts";
import type { SweepJudging, SweepSpec } from "./spec.ts";
import { judgingSchema, scalarSchema } from "./spec_schema.ts";

const specName = "sweep.yaml";
const planName = "plan.json";
const lockName = "lock";
const stopName = "stop";

/** The plan of a sweep: its runs, and how to evaluate them. */
export interface SweepPlan {
  /** The runs in order. */
  readonly runs: readonly PlannedRun[];
  /** Options of every run's evaluation. */
  readonly judging: SweepJudging;
  /** How often a failed run is retried. */
  readonly retries: number;
}

const planSchema = z.strictObject({
  retries: z.number().int(),
  evaluate: judgingSchema,
  runs: z.array(z.strictObject({
    // A plain name: a path could lead out of the sweep's folder.
    name: z.string().refine((name) => !name.includes("/") && !["", ".", ".."].includes(name)),
    varied: z.record(z.string(), scalarSchema),
    config: z.record(z.string(), z.unknown()),
  })),
});

function formatPlan({ runs, judging, retries }: SweepPlan): string {
  const rows = runs.map(({ name, varied, config }) => ({ name, varied, config: configByKey(config) }));
  return `${JSON.stringify({ retries, evaluate: judging, runs: rows }, null, 2)}\n`;
}

function parsePlan(path: string): SweepPlan {
  checkPlainFile(path);
  const damaged = (cause: unknown) =>
    new InvalidInputError(`${path}: is damaged; remove it, then run sweep again with the spec and this folder`, {
      cause,
    });
  try {
    const { retries, evaluate, runs } = planSchema.parse(JSON.parse(readFileSync(path, "utf8")));
    return {
      retries,
      judging: evaluate,
      runs: runs.map(({ config, ...run }) => {
        return { ...run, config: resolveConfig({ file: configOfKeys(path, config), stored: true }) };
      }),
    };
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError) throw damaged(error);
    throw error;
  }
}

/** Options in which two plans of a run differ, except options of the machine. */
function differences(a: RunConfig, b: RunConfig): (keyof RunConfig)[] {
  const machine: readonly string[] = machineOptions;
  return runOptionNames.filter((name) => !machine.includes(name) && a[name] !== b[name]);
}

/** The runs of a plan that have started, with the options in their folders. Leaves out damaged runs. */
function begunRuns(path: string, plan: SweepPlan): SweepPlan {
  const runs = plan.runs.flatMap((run) => {
    const folder = orDamaged(() => RunFolder.open(join(path, "runs", run.name)));
    return folder instanceof DamagedRun ? [] : [{ ...run, config: folder.config }];
  });
  return { ...plan, runs };
}

/** Refuses a plan that changes the options of a run that is already planned or started. */
function checkSameRuns(path: string, before: SweepPlan, after: SweepPlan): void {
  if (before.judging.probe !== after.judging.probe) {
    throw new InvalidInputError(
      `${path}: its runs use the ${before.judging.probe} probe, not the ${after.judging.probe} probe; give --out another folder`,
    );
  }
  for (const { name, config } of after.runs) {
    const old = before.runs.find((run) => run.name === name);
    const [other] = old === undefined ? [] : differences(old.config, config);
    if (old === undefined || other === undefined) continue;
    throw new InvalidInputError(
      `${path}: run ${name} has ${kebabCase(other)} ${old.config[other]}, but the spec says ${config[other]}; ` +
        "give --out another folder",
    );
  }
}

/** Makes folders of a sweep. @throws {InvalidInputError} if the path is the fault, so that another path helps. */
function makePlace(path: string, folders: readonly string[]): void {
  try {
    for (const folder of folders) makeFolder(folder);
  } catch (error) {
    throw placeError(path, error);
  }
}

/**
 * One sweep on disk:
 *
 * - `sweep.yaml`: a copy of the spec;
 * - `plan.json`: every run with all its options, and the options of the evaluation;
 * - `runs/NAME`: the run folders;
 * - `tasks/NAME.log`: the output of a run's processes;
 * - `tasks/NAME.failed`: the reason if the last process failed;
 * - `tasks/NAME.lock`: held by the process that works on the run;
 * - `results.csv` and `results.json`: a row for each network of each run that is done;
 * - `lock`: held by the process that starts the runs;
 * - `stop`: asks that process to save its runs and stop, which then removes the file.
 */
export class SweepFolder {
  /** Failures that {@linkcode SweepFolder.setFailure} could not write, by run. */
  readonly #unwritten = new Map<string, string | null>();

  private constructor(
    /** Path of the folder as the caller gave it. */
    readonly path: string,
    /** The plan in `plan.json`. */
    readonly plan: SweepPlan,
    /** The sweep's lock if this process holds it, else null. */
    readonly lock: FileLock | null = null,
  ) {}

  /** Whether a path is a sweep's folder, that is, has a plan. */
  static isAt(path: string): boolean {
    return existsSync(join(path, planName));
  }

  /**
   * Opens a sweep's folder.
   *
   * @throws {InvalidInputError} if the path has no sweep, or its plan is damaged or a link.
   */
  static open(path: string): SweepFolder {
    if (!existsSync(path)) throw new InvalidInputError(`${path}: there is no such sweep; check the path`);
    if (!SweepFolder.isAt(path)) {
      if (isBegunSetUp(path)) {
        throw new InvalidInputError(`${path}: has no ${planName} yet; run sweep again with the spec and this folder`);
      }
      throw new InvalidInputError(`${path}: is not a sweep (no ${planName}); give a folder that sweep made`);
    }
    return new SweepFolder(path, parsePlan(join(path, planName)));
  }

  /**
   * Checks that a plan can be written to a path.
   *
   * @returns the sweep that is there already, or null if there is none or only an interrupted set-up.
   * @throws {InvalidInputError} if the folder has other contents, or the plan would change one of its runs.
   */
  static check(path: string, plan: SweepPlan): SweepFolder | null {
    if (SweepFolder.isAt(path)) {
      const present = SweepFolder.open(path);
      checkSameRuns(path, present.plan, plan);
      return present;
    }
    if (!isFreeForSweep(path)) {
      throw new InvalidInputError(`${path}: is not an empty folder; give --out a new folder or a sweep's`);
    }
    checkSameRuns(path, begunRuns(path, plan), plan);
    return null;
  }

  /**
   * Makes a sweep's folder if necessary, and takes the lock that keeps other processes from it.
   *
   * @throws {InvalidInputError} if another process holds the lock, or the folder cannot be made.
   * @throws {StorageError} if there is no room.
   */
  static async claim(path: string): Promise<FileLock> {
    makePlace(path, [path]);
    return await FileLock.take(join(path, lockName), path);
  }

  /**
   * Sets up a claimed folder, or writes a new plan (with more runs, for example) into an existing sweep. If the process
   * is killed half-way, a later call completes the set-up.
   *
   * @param lock the lock of {@linkcode SweepFolder.claim}, if this process will start the runs.
   * @throws {InvalidInputError} as {@linkcode SweepFolder.check}, or if the folder cannot be made. Then nothing is
   * written.
   * @throws {StorageError} if there is no room.
   */
  static prepare(path: string, spec: SweepSpec, plan: SweepPlan, lock: FileLock | null = null): SweepFolder {
    SweepFolder.check(path, plan);
    // The folders come first: a spec without them does not count as an interrupted set-up.
    makePlace(path, ["runs", "tasks"].map((name) => join(path, name)));
    for (const folder of [path, join(path, "runs"), join(path, "tasks")]) clearLeftovers(folder);
    const encoder = new TextEncoder();
    writeFileAtomically(join(path, specName), encoder.encode(spec.text));
    writeFileAtomically(join(path, planName), encoder.encode(formatPlan(plan)));
    return new SweepFolder(path, plan, lock);
  }

  /**
   * Finds a run of the plan by name.
   *
   * @throws {InvalidInputError} if the plan has no such run.
   */
  run(name: string): PlannedRun {
    const run = this.plan.runs.find((candidate) => candidate.name === name);
    if (run !== undefined) return run;
    throw new InvalidInputError(`${this.path}: has no run ${name}; sluice sweep status lists the runs`);
  }

  /** Keys of the varied options, in the order of their first appearance in the plan. */
  keys(): string[] {
    return [...new Set(this.plan.runs.flatMap(({ varied }) => Object.keys(varied)))];
  }

  /** Path of a run's folder. */
  runPath(name: string): string {
    return join(this.path, "runs", name);
  }

  /** Path of the log of a run's processes. */
  logPath(name: string): string {
    return this.#task(name, "log");
  }

  /** Path of the lock that the process working on a run holds. */
  taskLock(name: string): string {
    return this.#task(name, "lock");
  }

  /**
   * The reason why a run's last process failed, or null if it did not fail.
   *
   * @throws {InvalidInputError} if the file with the reason is a link or not a regular file.
   */
  failure(name: string): string | null {
    const unwritten = this.#unwritten.get(name);
    if (unwritten !== undefined) return unwritten;
    const path = this.#task(name, "failed");
    return isPlainFile(path) ? readFileSync(path, "utf8").trim() : null;
  }

  /** Records the reason why a run failed, or null for no failure. If writing fails, only this process remembers it. */
  setFailure(name: string, message: string | null): void {
    this.lock?.check();
    const path = this.#task(name, "failed");
    try {
      if (message !== null) writeFileAtomically(path, new TextEncoder().encode(`${message}\n`));
      else if (existsSync(path)) Deno.removeSync(path);
      this.#unwritten.delete(name);
    } catch {
      // A full disk, for example, must not fail the other runs of the sweep.
      this.#unwritten.set(name, message);
    }
  }

  /** The state of the sweep's lock, with the process that holds it, if any. */
  readLock(): LockState {
    return readLock(join(this.path, lockName));
  }

  /**
   * Asks the process that holds the sweep's lock to save its runs and stop.
   *
   * @throws {StorageError} if there is no room or no permission.
   */
  requestStop(): void {
    writeFileAtomically(join(this.path, stopName), new Uint8Array());
  }

  /** Whether there is a request to stop. */
  isAskedToStop(): boolean {
    return existsSync(join(this.path, stopName));
  }

  /**
   * Removes a request to stop.
   *
   * @throws {StorageError} if there is no permission.
   */
  clearStopRequest(): void {
    const path = join(this.path, stopName);
    try {
      Deno.removeSync(path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw storageError(path, error);
    }
  }

  #task(name: string, kind: string): string {
    return join(this.path, "tasks", `${name}.${kind}`);
  }
}
