/**
 * A sweep's folder on disk: its spec, its plan, its runs, and what became of each.
 *
 * @module
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { InvalidInputError } from "../errors.ts";
import { makeFolder, placeError, writeFileAtomically } from "../formats/mod.ts";
import { resolveConfig, type RunConfig } from "../training/config.ts";
import { configByKey, configOfKeys } from "../training/config_file.ts";
import { kebabCase, machineOptions, runOptionNames } from "../training/options.ts";
import { holderOfFile, lockFile } from "../training/run_lock.ts";
import type { PlannedRun } from "./plan.ts";
import type { SweepJudging, SweepSpec } from "./spec.ts";
import { judgingSchema, scalarSchema } from "./spec_schema.ts";

const specName = "sweep.yaml";
const planName = "plan.json";
const lockName = "lock";

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
    name: z.string(),
    varied: z.record(z.string(), scalarSchema),
    config: z.record(z.string(), z.unknown()),
  })),
});

function formatPlan({ runs, judging, retries }: SweepPlan): string {
  const rows = runs.map(({ name, varied, config }) => ({ name, varied, config: configByKey(config) }));
  return `${JSON.stringify({ retries, evaluate: judging, runs: rows }, null, 2)}\n`;
}

function parsePlan(path: string): SweepPlan {
  const damaged = (cause: unknown) =>
    new InvalidInputError(`${path}: is no plan of a sweep; give sweep the spec and this folder again`, { cause });
  try {
    const { retries, evaluate, runs } = planSchema.parse(JSON.parse(readFileSync(path, "utf8")));
    return {
      retries,
      judging: evaluate,
      runs: runs.map(({ config, ...run }) => ({ ...run, config: resolveConfig({ file: configOfKeys(path, config) }) })),
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

/** Refuses a plan under which runs that are planned already would be others. */
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

/**
 * One sweep on disk:
 *
 * - `sweep.yaml`: the spec as it was given;
 * - `plan.json`: every run with all its options, and how runs are evaluated;
 * - `runs/NAME`: the run folders;
 * - `tasks/NAME.log`, `.failed`, `.lock`: what a run's processes printed, why the last one failed if it did, and who works on it;
 * - `results.csv` and `results.json`: a row for each network of each run that is done;
 * - `lock`, held by the process that works through the runs.
 */
export class SweepFolder {
  private constructor(
    /** The folder's path as the caller gave it. */
    readonly path: string,
    /** Its runs, and what is done with each. */
    readonly plan: SweepPlan,
  ) {}

  /** Whether a path is a sweep's folder. */
  static isAt(path: string): boolean {
    return existsSync(join(path, planName));
  }

  /**
   * Opens a sweep's folder.
   *
   * @throws {InvalidInputError} where there is none, or its plan is damaged.
   */
  static open(path: string): SweepFolder {
    if (!existsSync(path)) throw new InvalidInputError(`${path}: there is no such sweep; check the path`);
    if (!SweepFolder.isAt(path)) {
      throw new InvalidInputError(`${path}: holds no sweep (no ${planName}); give a folder that sweep made`);
    }
    return new SweepFolder(path, parsePlan(join(path, planName)));
  }

  /**
   * Refuses a place where a plan cannot be put: a folder of something else, or a sweep whose runs would become others.
   *
   * @returns the sweep that is there, or null where none is.
   * @throws {InvalidInputError}
   */
  static check(path: string, plan: SweepPlan): SweepFolder | null {
    if (SweepFolder.isAt(path)) {
      const present = SweepFolder.open(path);
      checkSameRuns(path, present.plan, plan);
      return present;
    }
    if (!existsSync(path)) return null;
    const isFolder = Deno.statSync(path).isDirectory;
    if (isFolder && [...Deno.readDirSync(path)].length === 0) return null;
    throw new InvalidInputError(`${path}: is not an empty folder; give --out a new one, or a sweep's`);
  }

  /**
   * Makes a sweep's folder, or gives one that is there its new plan: more runs, say.
   *
   * @throws {InvalidInputError} as {@linkcode SweepFolder.check}, or if the folder cannot be made; nothing is written then.
   * @throws {StorageError} if there is no room.
   */
  static prepare(path: string, spec: SweepSpec, plan: SweepPlan): SweepFolder {
    SweepFolder.check(path, plan);
    try {
      for (const folder of ["runs", "tasks"]) makeFolder(join(path, folder));
    } catch (error) {
      throw placeError(path, error);
    }
    const encoder = new TextEncoder();
    writeFileAtomically(join(path, specName), encoder.encode(spec.text));
    writeFileAtomically(join(path, planName), encoder.encode(formatPlan(plan)));
    return new SweepFolder(path, plan);
  }

  /**
   * The run of a name.
   *
   * @throws {InvalidInputError} where the plan has none.
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

  /** Why the last process that worked on a run failed, or null where it did not. */
  failure(name: string): string | null {
    const path = this.#task(name, "failed");
    return existsSync(path) ? readFileSync(path, "utf8").trim() : null;
  }

  /** Says why a run failed, or with null that it did not. */
  setFailure(name: string, message: string | null): void {
    const path = this.#task(name, "failed");
    if (message !== null) writeFileAtomically(path, new TextEncoder().encode(`${message}\n`));
    else if (existsSync(path)) Deno.removeSync(path);
  }

  /**
   * Keeps other processes from working through the runs.
   *
   * @throws {InvalidInputError} where another one does.
   */
  lock(): Disposable {
    return lockFile(join(this.path, lockName), this.path);
  }

  /** The process that works through the runs, or null where none does. */
  holder(): string | null {
    return holderOfFile(join(this.path, lockName));
  }

  #task(name: string, kind: string): string {
    return join(this.path, "tasks", `${name}.${kind}`);
  }
}
