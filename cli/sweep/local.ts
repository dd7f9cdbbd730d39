/**
 * Runs a sweep on this machine.
 *
 * @module
 */
import process from "node:process";
import { Device, usableProcessors } from "../../src/device/mod.ts";
import { SluiceError } from "../../src/errors.ts";
import {
  executeLocally,
  readRunState,
  readSteps,
  summarise,
  type SweepFolder,
  writeResults,
} from "../../src/sweep/mod.ts";
import type { RunConfig } from "../../src/config/options.ts";
import { resolvePrecision } from "../../src/tensor/precision.ts";
import { StopSignals } from "../stop_signals.ts";
import { selfCommand } from "../self.ts";
import { type CheckedSweep, planRequest, prepareFolder, type SweepRequest } from "./request.ts";
import { openDevice } from "../device.ts";
import { type OutputOptions, remark, writeResult } from "../ui/output.ts";
import { describeEstimate, describeResults } from "../ui/sweep.ts";
import { SweepDisplay } from "../ui/sweep_progress.ts";

/** A checked sweep that this machine can run. */
export interface LocalSweep extends CheckedSweep {
  /** Runs at a time. */
  readonly jobs: number;
  /** GPUs to share among the runs; 0 if the CPU computes. */
  readonly gpus: number;
}

/**
 * Checks that this machine can compute the runs, and estimates how long they take.
 *
 * @param asked runs at a time; null for one on each GPU, or a single one on the CPU.
 * @param output where to say why a GPU is not used.
 * @throws {InvalidInputError} if a run does not fit the device.
 * @throws {DeviceUnavailableError} if the device is missing.
 */
export function checkLocally(request: SweepRequest, asked: number | null, output: OutputOptions): LocalSweep {
  const { device: name = "auto", threads: asks = 0 } = request.runs[0]?.config ?? {};
  using device = openDevice({ device: name, threads: asks }, output);
  for (const { config } of request.runs) resolvePrecision(config.precision, device.description);
  resolvePrecision(request.spec.contents.evaluate.precision, device.description);
  const gpus = device.kind === "cuda" ? device.countOfKind() : 0;
  const jobs = asked ?? Math.max(1, gpus);
  const threads = Math.max(1, Math.floor(usableProcessors() / jobs));
  // The estimate times steps on as many threads as a run will have.
  using share = Device.open({ device: name, threads: asks > 0 ? asks : threads });
  return { ...planRequest(request, share, { threads, jobs }), jobs, gpus };
}

/** Whether a run accepts any GPU. */
function isAnyGpu(device: RunConfig["device"]): boolean {
  return device === "auto" || device === "cuda";
}

/** Writes the results of all runs that are done. */
async function writeSweep(sweep: SweepFolder, output: OutputOptions): Promise<void> {
  const results = await writeResults(sweep);
  writeResult(output, results, () => describeResults(results, summarise(results)));
}

/** Milliseconds between two checks for a request to stop. */
const STOP_INTERVAL = 500;

/**
 * Treats the file `stop` in the sweep's folder as SIGTERM: it reaches a process on another machine, which a signal does
 * not.
 */
function followStopRequests(sweep: SweepFolder, signals: StopSignals): Disposable {
  // A request that is there already was for an earlier process.
  sweep.clearStopRequest();
  const timer = setInterval(() => {
    if (sweep.isAskedToStop()) signals.take("SIGTERM");
  }, STOP_INTERVAL);
  return {
    [Symbol.dispose]: () => {
      clearInterval(timer);
      sweep.clearStopRequest();
    },
  };
}

/**
 * Trains and evaluates every run that is not done.
 *
 * @throws {SluiceError} naming the runs that failed.
 * @throws {LostFolderError} if the sweep's folder was removed or replaced; no other run starts then.
 */
export async function execute(checked: LocalSweep, output: OutputOptions): Promise<void> {
  const { out, plan, jobs, gpus, left, started, estimate } = checked;
  using held = new DisposableStack();
  const sweep = await prepareFolder(checked, held, output);
  remark(output, describeEstimate(plan.runs.length, left.length, estimate));
  const stop = new AbortController();
  using signals = new StopSignals((signal) => {
    remark(output, `${signal}: saving the runs and stopping`);
    stop.abort();
  });
  using _requests = followStopRequests(sweep, signals);
  using observer = new SweepDisplay(output, started, (run) => readSteps(sweep, run));
  await executeLocally(sweep, {
    jobs,
    command: ({ name, config }, slot) => {
      sweep.lock?.check();
      return [
        ...selfCommand(),
        ...["sweep", "task"],
        ...(gpus > 0 && isAnyGpu(config.device) ? ["--device", `cuda:${slot % gpus}`] : []),
        ...["--", out, name],
      ];
    },
    observer,
    stop: stop.signal,
  });
  observer[Symbol.dispose]();
  sweep.lock?.check();
  await writeSweep(sweep, output);
  if (signals.status !== null) {
    remark(output, "stopped; repeat the command to resume");
    process.exitCode = signals.status;
    return;
  }
  const failed = sweep.plan.runs.filter((run) => readRunState(sweep, run).phase !== "done").map(({ name }) => name);
  if (failed.length === 0) return;
  throw new SluiceError(
    `${failed.length} of ${plan.runs.length} runs failed: ${failed.join(" ")}; their logs are in ${out}/tasks`,
  );
}
