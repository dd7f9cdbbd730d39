/**
 * A sweep's folder on disk: its spec, its plan, its runs, and what became of each.
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

/** What a folder's runs are, and what is done with each. */
export interface SweepPlan {
  /** The runs, in order. */
  readonly runs: readonly PlannedRun[];
  /** How each is evaluated. */
  readonly judging: SweepJudging;
  /** How often a run that failed is tried again. */
  readonly retries: number;
}

const planSchema = z.strictObject({
  retries: z.number().int(),
  evaluate: judgingSchema,
  runs: z.array(z.strictObject({
    // The name of a folder in the sweep's: no path that leads out of it.
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
    new InvalidInputError(`${path}: is damaged; remove it, and give sweep the spec and this folder again`, { cause });
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

/** Options in which two plans of a run differ, leaving out those that only one machine knows. */
function differences(a: RunConfig, b: RunConfig): (keyof RunConfig)[] {
  const machine: readonly string[] = machineOptions;
  return runOptionNames.filter((name) => !machine.includes(name) && a[name] !== b[name]);
}

/** The runs of a plan that are in a folder, with the options that they were begun with; damaged ones are left out. */
function begunRuns(path: string, plan: SweepPlan): SweepPlan {
  const runs = plan.runs.flatMap((run) => {
    const folder = orDamaged(() => RunFolder.open(join(path, "runs", run.name)));
    return folder instanceof DamagedRun ? [] : [{ ...run, config: folder.config }];
  });
  return { ...plan, runs };
}

/** Refuses a plan under which runs that are planned or begun already would become different ones. */
function checkSameRuns(path: string, before: SweepPlan, after: SweepPlan): void {
  if (before.judging.probe !== after.judging.probe) {
    throw new InvalidInputError(
      `${path}: its runs are judged by the ${before.judging.probe} probe, not the ${after.judging.probe} one; give --out another folder`,
    );
  }
  for (const { name, config } of after.runs) {
    const old = before.runs.find((run) => run.name === name);
    const [other] = old === undefined ? [] : differences(old.config, config);
    if (old === undefined || other === undefined) continue;
    throw new InvalidInputError(
      `${path}: run ${name} has ${kebabCase(other)} ${old.config[other]}, and the spec says ${config[other]}; ` +
        "give --out another folder",
    );
  }
}

/** Makes folders of a sweep's. @throws {InvalidInputError} if another path mends what is wrong. */
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
 * - `sweep.yaml`: the spec as it was given;
 * - `plan.json`: every run with all its options, and how runs are evaluated;
 * - `runs/NAME`: the run folders;
 * - `tasks/NAME.log`, `.failed`, `.lock`: what a run's processes printed, why the last one failed if it did, and who works on it;
 * - `results.csv` and `results.json`: a row for each network of each run that is done;
 * - `lock`, held by the process that works through the runs;
 * - `stop`, for a moment: asks that process to save its runs and stop.
 */
export class SweepFolder {
  /** What {@linkcode SweepFolder.setFailure} could not write. */
  readonly #unwritten = new Map<string, string | null>();

  private constructor(
    /** The folder's path as the caller gave it. */
    readonly path: string,
    /** Its runs, and what is done with each. */
    readonly plan: SweepPlan,
    /** Held by the process that works through the runs. */
    readonly lock: FileLock | null = null,
  ) {}

  /** Whether a path is a sweep's folder. */
  static isAt(path: string): boolean {
    return existsSync(join(path, planName));
  }

  /**
   * Opens a sweep's folder.
   *
   * @throws {InvalidInputError} if there is none, or its plan is damaged or a link.
   */
  static open(path: string): SweepFolder {
    if (!existsSync(path)) throw new InvalidInputError(`${path}: there is no such sweep; check the path`);
    if (!SweepFolder.isAt(path)) {
      if (isBegunSetUp(path)) {
        throw new InvalidInputError(`${path}: has no ${planName} yet; give sweep the spec and this folder again`);
      }
      throw new InvalidInputError(`${path}: holds no sweep (no ${planName}); give a folder that sweep made`);
    }
    return new SweepFolder(path, parsePlan(join(path, planName)));
  }

  /**
   * Refuses a place where a plan cannot be put: a folder of something else, or a sweep whose runs would become different ones.
   *
   * @returns the sweep that is there, or null if there is none, or only a part of its set-up.
   * @throws {InvalidInputError}
   */
  static check(path: string, plan: SweepPlan): SweepFolder | null {
    if (SweepFolder.isAt(path)) {
      const present = SweepFolder.open(path);
      checkSameRuns(path, present.plan, plan);
      return present;
    }
    if (!isFreeForSweep(path)) {
      throw new InvalidInputError(`${path}: is not an empty folder; give --out a new one, or a sweep's`);
    }
    checkSameRuns(path, begunRuns(path, plan), plan);
    return null;
  }

  /**
   * Makes a sweep's folder if there is none, and keeps other processes from setting it up or working through its runs.
   *
   * @throws {InvalidInputError} if another process does, or the folder cannot be made.
   * @throws {StorageError} if there is no room.
   */
  static async claim(path: string): Promise<FileLock> {
    makePlace(path, [path]);
    return await FileLock.take(join(path, lockName), path);
  }

  /**
   * Sets up a sweep's folder that this process has claimed, or gives a sweep that is there its new plan: more runs, say. A process that
   * is killed in between leaves a folder that this sets up anew.
   *
   * @param lock what {@linkcode SweepFolder.claim} gave, if the runs are to be worked through.
   * @throws {InvalidInputError} as {@linkcode SweepFolder.check}, or if the folder cannot be made; nothing is written then.
   * @throws {StorageError} if there is no room.
   */
  static prepare(path: string, spec: SweepSpec, plan: SweepPlan, lock: FileLock | null = null): SweepFolder {
    SweepFolder.check(path, plan);
    // The spec stands for a set-up only beside these: they come first.
    makePlace(path, ["runs", "tasks"].map((name) => join(path, name)));
    for (const folder of [path, join(path, "runs"), join(path, "tasks")]) clearLeftovers(folder);
    const encoder = new TextEncoder();
    writeFileAtomically(join(path, specName), encoder.encode(spec.text));
    writeFileAtomically(join(path, planName), encoder.encode(formatPlan(plan)));
    return new SweepFolder(path, plan, lock);
  }

  /**
   * The run of a name.
   *
   * @throws {InvalidInputError} if the plan has none.
   */
  run(name: string): PlannedRun {
    const run = this.plan.runs.find((candidate) => candidate.name === name);
    if (run !== undefined) return run;
    throw new InvalidInputError(`${this.path}: has no run ${name}; sluice sweep status lists them`);
  }

  /** Keys of the options that vary over the runs, in the order in which they first do. */
  keys(): string[] {
    return [...new Set(this.plan.runs.flatMap(({ varied }) => Object.keys(varied)))];
  }

  /** The folder of a run. */
  runPath(name: string): string {
    return join(this.path, "runs", name);
  }

  /** Where a run's processes print to. */
  logPath(name: string): string {
    return this.#task(name, "log");
  }

  /** What whoever works on a run locks. */
  taskLock(name: string): string {
    return this.#task(name, "lock");
  }

  /**
   * Why the last process that worked on a run failed, or null if it did not.
   *
   * @throws {InvalidInputError} if the file that says so is a link, or no file.
   */
  failure(name: string): string | null {
    const unwritten = this.#unwritten.get(name);
    if (unwritten !== undefined) return unwritten;
    const path = this.#task(name, "failed");
    return isPlainFile(path) ? readFileSync(path, "utf8").trim() : null;
  }

  /** Records why a run failed, or with null that it did not. If that cannot be written, this process alone knows it. */
  setFailure(name: string, message: string | null): void {
    this.lock?.check();
    const path = this.#task(name, "failed");
    try {
      if (message !== null) writeFileAtomically(path, new TextEncoder().encode(`${message}\n`));
      else if (existsSync(path)) Deno.removeSync(path);
      this.#unwritten.delete(name);
    } catch {
      // A full disk, say: that is one more failure of this run, and none of the sweep.
      this.#unwritten.set(name, message);
    }
  }

  /** The process that works through the runs, if one does. */
  readLock(): LockState {
    return readLock(join(this.path, lockName));
  }

  /**
   * Asks the process that works through the runs to save them and stop.
   *
   * @throws {StorageError} if there is no room or no permission.
   */
  requestStop(): void {
    writeFileAtomically(join(this.path, stopName), new Uint8Array());
  }

  /** Whether the process that works through the runs is asked to stop. */
  isAskedToStop(): boolean {
    return existsSync(join(this.path, stopName));
  }

  /**
   * Takes a request to stop away.
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
