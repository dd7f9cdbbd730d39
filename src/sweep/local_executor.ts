/**
 * Runs a sweep on this machine, with one process for each run.
 *
 * @module
 */
import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { checkPlainFile, errorLine } from "../formats/mod.ts";
import type { PlannedRun } from "./plan.ts";
import { readRunState } from "./sweep_run.ts";
import type { SweepFolder } from "./sweep_folder.ts";

/** Receives the progress of a sweep. */
export interface SweepObserver {
  /** A process starts on a run. @param attempt from 1. */
  started(run: string, attempt: number): void;
  /** A run is trained and evaluated. */
  done(run: string): void;
  /** A process failed, or the run is damaged. @param again whether the run is retried. */
  failed(run: string, message: string, again: boolean): void;
}

/** How to run a sweep on this machine. */
export interface LocalExecution {
  /** Runs at a time. */
  readonly jobs: number;
  /** The program and its arguments for a run. @param slot index of the process among those at the same time, from 0. */
  command(run: PlannedRun, slot: number): readonly string[];
  /** Receives the progress; an error in it is ignored. */
  readonly observer: SweepObserver;
  /** Ends the sweep early: active processes save and stop, and no other run starts. */
  readonly stop: AbortSignal;
}

/** What the end of a process means for its run. */
type Ending =
  | { readonly kind: "done" | "stopped" }
  | { readonly kind: "failed"; readonly message: string; readonly isFinal: boolean };

/** Exit statuses of a process that saved and stopped on a signal. */
const stopStatuses: readonly (number | null)[] = [75, 129, 130, 143];
/** Exit status of a wrong request, which a retry does not cure. */
const WRONG_REQUEST = 2;

/** The end of a process as the system reports it. */
interface Exit {
  readonly status: number | null;
  readonly signal: string | null;
}

/** Runs a process to its end, and appends its output to the run's log. */
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
  // A process group of its own keeps a terminal's Ctrl-C from the child, which gets a single SIGTERM from this program
  // instead.
  const child = spawn(program, args, { stdio: ["ignore", log, log], detached: true });
  closeSync(log);
  const pass = () => child.kill("SIGTERM");
  stop.addEventListener("abort", pass, { once: true });
  return await new Promise<Exit>((resolve, reject) => {
    child.on("error", reject);
    // Only resolve here: an exception in an event handler would end the whole program.
    child.once("exit", (status, signal) => resolve({ status, signal }));
  }).finally(() => stop.removeEventListener("abort", pass));
}

function endingOf(sweep: SweepFolder, { name }: PlannedRun, { status, signal }: Exit, wasAsked: boolean): Ending {
  if (status === 0) return { kind: "done" };
  if (wasAsked && (status === null || stopStatuses.includes(status))) return { kind: "stopped" };
  // A process that ended by itself has recorded its failure.
  const recorded = status === null || stopStatuses.includes(status) ? null : sweep.failure(name);
  const message = recorded ?? (signal === null ? `ended with status ${status}` : `was ended by ${signal}`);
  sweep.setFailure(name, message);
  return { kind: "failed", message, isFinal: status === WRONG_REQUEST };
}

/** One attempt at a run. An error around its process, such as a log that cannot be opened, fails this run alone. */
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

/** Attempts a run until it is done, is stopped, or has no retry left. */
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

/** Wraps an observer so that its errors are ignored: its terminal may be gone, and the runs must continue. */
function withoutErrors(observer: SweepObserver): SweepObserver {
  const tell = (call: () => void) => {
    try {
      call();
    } catch {
      // Nobody is left to report it to.
    }
  };
  return {
    started: (...words) => tell(() => observer.started(...words)),
    done: (...words) => tell(() => observer.done(...words)),
    failed: (...words) => tell(() => observer.failed(...words)),
  };
}

/**
 * Completes the runs that are not done, several at a time in the order of the plan, and continues after a failure.
 * Reports a damaged run as failed, and does not start it.
 *
 * @returns when every run is done or has failed, or when `stop` was aborted and all processes have ended.
 */
export async function executeLocally(sweep: SweepFolder, execution: LocalExecution): Promise<void> {
  const observer = withoutErrors(execution.observer);
  const states = sweep.plan.runs.map((run) => readRunState(sweep, run));
  for (const { name, phase, failure } of states) {
    if (phase === "damaged") observer.failed(name, `damaged: ${failure}`, false);
  }
  const waiting = sweep.plan.runs.filter((_, index) => !["done", "damaged"].includes(states[index]?.phase ?? ""));
  for (const { name } of waiting) sweep.setFailure(name, null);
  const queue = waiting.values();
  const slots = Array.from({ length: execution.jobs }, async (_, slot) => {
    // The slots share one iterator: a free slot takes the next run.
    for (const run of queue) {
      if (execution.stop.aborted) return;
      await complete(sweep, run, slot, { ...execution, observer });
    }
  });
  await Promise.all(slots);
}
