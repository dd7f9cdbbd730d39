/**
 * Works through a sweep's runs on this machine, a process for each.
 *
 * @module
 */
import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { checkPlainFile, errorLine } from "../formats/mod.ts";
import type { PlannedRun } from "./plan.ts";
import { readRunState } from "./sweep_run.ts";
import type { SweepFolder } from "./sweep_folder.ts";

/** Told how the runs fare. */
export interface SweepObserver {
  /** A process begins to work on a run. @param attempt from 1. */
  started(run: string, attempt: number): void;
  /** A run is done. */
  done(run: string): void;
  /** A process failed, or the run is damaged. @param again whether the run is tried again. */
  failed(run: string, message: string, again: boolean): void;
}

/** How a sweep is worked through. */
export interface LocalExecution {
  /** Runs at a time. */
  readonly jobs: number;
  /** The program and arguments that work on a run. @param slot which of the processes at a time it is, from 0. */
  command(run: PlannedRun, slot: number): readonly string[];
  /** Told how the runs fare. */
  readonly observer: SweepObserver;
  /** Ends the sweep early: processes are asked to save and stop, and no others begin. */
  readonly stop: AbortSignal;
}

/** How a process ended. */
type Ending =
  | { readonly kind: "done" | "stopped" }
  | { readonly kind: "failed"; readonly message: string; readonly isFinal: boolean };

/** Exit statuses of a process that saved and stopped because a signal asked it to. */
const stopStatuses: readonly (number | null)[] = [75, 129, 130, 143];
/** Exit status of a request that is wrong, and stays so however often it is made. */
const WRONG_REQUEST = 2;

/** How a process came to its end, as the system tells it. */
interface Exit {
  readonly status: number | null;
  readonly signal: string | null;
}

/** Runs a process to its end, its output going to the run's log. */
async function work(
  sweep: SweepFolder,
  run: PlannedRun,
  command: readonly string[],
  stop: AbortSignal,
): Promise<Exit> {
  const [program = "", ...args] = command;
  const logPath = sweep.logPath(run.name);
  checkPlainFile(logPath);
  const log = openSync(logPath, "a");
  // In a process group of its own: a terminal's Ctrl-C is this program's to pass on, once.
  const child = spawn(program, args, { stdio: ["ignore", log, log], detached: true });
  closeSync(log);
  const pass = () => child.kill("SIGTERM");
  stop.addEventListener("abort", pass, { once: true });
  return await new Promise<Exit>((resolve, reject) => {
    child.on("error", reject);
    // What follows from it is decided outside: what an event's handler throws ends the whole program.
    child.once("exit", (status, signal) => resolve({ status, signal }));
  }).finally(() => stop.removeEventListener("abort", pass));
}

function endingOf(sweep: SweepFolder, { name }: PlannedRun, { status, signal }: Exit, wasAsked: boolean): Ending {
  if (status === 0) return { kind: "done" };
  if (wasAsked && (status === null || stopStatuses.includes(status))) return { kind: "stopped" };
  // A process that could, has said why.
  const said = status === null || stopStatuses.includes(status) ? null : sweep.failure(name);
  const message = said ?? (signal === null ? `ended with status ${status}` : `was ended by ${signal}`);
  sweep.setFailure(name, message);
  return { kind: "failed", message, isFinal: status === WRONG_REQUEST };
}

/** One attempt at a run. What goes wrong around its process, such as a log that cannot be opened, fails this run and no other. */
async function attempt(
  sweep: SweepFolder,
  run: PlannedRun,
  command: readonly string[],
  stop: AbortSignal,
): Promise<Ending> {
  try {
    return endingOf(sweep, run, await work(sweep, run, command, stop), stop.aborted);
  } catch (error) {
    const message = errorLine(error);
    sweep.setFailure(run.name, message);
    return { kind: "failed", message, isFinal: false };
  }
}

/** Works on one run until it is done or there is no point in trying again. */
async function complete(sweep: SweepFolder, run: PlannedRun, slot: number, execution: LocalExecution): Promise<void> {
  const { observer, stop } = execution;
  for (let count = 1;; count++) {
    observer.started(run.name, count);
    const ending = await attempt(sweep, run, execution.command(run, slot), stop);
    if (ending.kind === "done") observer.done(run.name);
    if (ending.kind !== "failed") return;
    const again = !ending.isFinal && !stop.aborted && count <= sweep.plan.retries;
    observer.failed(run.name, ending.message, again);
    if (!again) return;
  }
}

/** An observer whose failures are nobody's: its terminal may be gone, and the runs go on. */
function apart(observer: SweepObserver): SweepObserver {
  const tell = (say: () => void) => {
    try {
      say();
    } catch {
      // There is nobody left to tell.
    }
  };
  return {
    started: (...words) => tell(() => observer.started(...words)),
    done: (...words) => tell(() => observer.done(...words)),
    failed: (...words) => tell(() => observer.failed(...words)),
  };
}

/**
 * Works through the runs that are not done, in the order of the plan, several at a time, going on past those that fail. A damaged run
 * is told as failed, and not begun.
 *
 * @returns when all are done or have failed, or when all processes have stopped because `stop` asked for it.
 */
export async function executeLocally(sweep: SweepFolder, execution: LocalExecution): Promise<void> {
  const observer = apart(execution.observer);
  const states = sweep.plan.runs.map((run) => readRunState(sweep, run));
  for (const { name, phase, failure } of states) {
    if (phase === "damaged") observer.failed(name, `damaged: ${failure}`, false);
  }
  const waiting = sweep.plan.runs.filter((_, index) => !["done", "damaged"].includes(states[index]?.phase ?? ""));
  for (const { name } of waiting) sweep.setFailure(name, null);
  const queue = waiting.values();
  const slots = Array.from({ length: execution.jobs }, async (_, slot) => {
    // The slots share the queue: each takes the next run when it is free.
    for (const run of queue) {
      if (execution.stop.aborted) return;
      await complete(sweep, run, slot, { ...execution, observer });
    }
  });
  await Promise.all(slots);
}
