/**
 * Prepares a sweep for other machines: submits it to Slurm, or prints a script that runs it.
 *
 * @module
 */
import { join, resolve } from "@std/path";
import { Device } from "../../src/device/mod.ts";
import { InvalidInputError } from "../../src/errors.ts";
import { writeFileAtomically } from "../../src/formats/mod.ts";
import {
  checkSlurm,
  kubernetesManifest,
  type KubernetesRequest,
  liesIn,
  queuedRuns,
  type ScriptKind,
  sequentialScript,
  slurmScript,
  submitJob,
  type SweepSpec,
  threadsOf,
} from "../../src/sweep/mod.ts";
import { slurmSchema } from "../../src/sweep/request_schemas.ts";
import { kebabCase, pathOptions } from "../../src/config/options.ts";
import { selfCommand } from "../self.ts";
import { type CheckedSweep, planRequest, prepareFolder, type SweepRequest } from "./request.ts";
import { type OutputOptions, remark, writeResult, writeVerbatim } from "../ui/output.ts";
import { describeEstimate } from "../ui/sweep.ts";

/** A checked sweep that a script runs on other machines. */
export interface ClusterSweep extends CheckedSweep {
  /** The kind of script that runs it. */
  readonly kind: ScriptKind;
  /** Runs at a time as `--jobs` gives them, or null without the flag. */
  readonly jobs: number | null;
}

/** The spec's section `kubernetes`. @throws {InvalidInputError} if the spec has none. */
function kubernetesOf(spec: SweepSpec): KubernetesRequest {
  const { kubernetes } = spec.contents;
  if (kubernetes !== undefined) return kubernetes;
  throw spec.fault([], "has no section kubernetes; add one with image and claim");
}

/** Refuses a path outside the volume's mount: a pod sees nothing else. */
function checkMounted({ spec, out, runs }: SweepRequest): void {
  const { mount } = kubernetesOf(spec);
  const remedy = `is outside ${mount}, where pods mount their volume; move it there, or set another kubernetes mount`;
  if (!liesIn(resolve(out), mount)) throw new InvalidInputError(`--out ${out}: ${remedy}`);
  for (const { config, placeOf } of runs) {
    for (const option of pathOptions) {
      const path = config[option];
      if (path === null || liesIn(path, mount)) continue;
      throw spec.fault(placeOf(option), `${kebabCase(option)} ${path}: ${remedy}`);
    }
  }
}

/**
 * Threads of a run whose options set none: the processors that the spec requests, or 0 (all of them) if it requests
 * none.
 */
function threadsIn(kind: ScriptKind, spec: SweepSpec): number {
  if (kind === "slurm") return spec.contents.slurm?.["cpus-per-task"] ?? 0;
  return kind === "k8s" ? threadsOf(kubernetesOf(spec)) ?? 0 : 0;
}

/**
 * Checks that a script of this kind can run the sweep. The devices of other machines are unknown here, so they stay
 * unchecked.
 *
 * @param jobs runs at a time as `--jobs` gives them, or null without the flag.
 * @throws {InvalidInputError} if `--jobs` and the kind exclude each other, the spec lacks a section, or a pod cannot
 * see a path.
 */
export function checkForCluster(request: SweepRequest, kind: ScriptKind, jobs: number | null): ClusterSweep {
  if (kind === "sh" && jobs !== null) {
    throw new InvalidInputError(
      "--jobs with --emit sh: that script does one run after another; remove one of the flags",
    );
  }
  if (kind === "k8s") checkMounted(request);
  using device = Device.open({ device: "cpu", threads: 1 });
  const threads = threadsIn(kind, request.spec);
  return { ...planRequest(request, device, { threads, jobs: null }), kind, jobs };
}

function scriptOf({ kind, jobs, out, plan, spec }: ClusterSweep, runs: readonly string[]): string {
  const folder = resolve(out);
  const sweep = { folder, runs, retries: plan.retries, command: kind === "k8s" ? ["sluice"] : selfCommand() };
  const limit = jobs === null ? {} : { jobs };
  if (kind === "k8s") return kubernetesManifest(sweep, { ...kubernetesOf(spec), ...limit });
  if (kind === "sh") return sequentialScript(sweep);
  return slurmScript(sweep, { ...(spec.contents.slurm ?? slurmSchema.parse({})), ...limit });
}

/** The runs that a script has to do. Names the damaged runs, which it leaves out. */
function runsLeft({ left, damaged }: ClusterSweep, output: OutputOptions): string[] {
  for (const [name, reason] of damaged) remark(output, `${name}: left out, because it is damaged: ${reason}`);
  return left.filter((name) => !damaged.has(name));
}

/**
 * Prepares the folder, and prints a script that does the remaining runs.
 *
 * @throws {InvalidInputError} if no run remains.
 */
export async function emit(checked: ClusterSweep, output: OutputOptions): Promise<void> {
  const { out, kind, plan, left, estimate } = checked;
  const runs = runsLeft(checked, output);
  if (runs.length === 0) {
    throw new InvalidInputError(`${out}: all runs are done or damaged; there is nothing to write a script for`);
  }
  const script = scriptOf(checked, runs);
  using held = new DisposableStack();
  await prepareFolder(checked, held, output);
  remark(output, describeEstimate(plan.runs.length, left.length, estimate));
  writeVerbatim(output, { sweep: out, kind, runs, script }, () => script.replace(/\n$/, ""));
}

/**
 * Submits the runs that are neither done nor in the queue as a job array, and prints its id.
 *
 * @throws {InvalidInputError} if Slurm is not installed.
 * @throws {ClusterError} with Slurm's own message if it refuses the job.
 */
export async function submit(checked: ClusterSweep, output: OutputOptions): Promise<void> {
  const { out, plan, left, estimate } = checked;
  await checkSlurm();
  using held = new DisposableStack();
  const sweep = await prepareFolder(checked, held, output);
  const queued = await queuedRuns(sweep);
  const whole = runsLeft(checked, output);
  const runs = whole.filter((name) => !queued.has(name));
  const waiting = whole.length - runs.length;
  if (runs.length === 0) {
    const others = whole.length === left.length ? "done" : "done or damaged";
    const rest = waiting === 0
      ? `all runs are ${others}`
      : `${waiting} runs are in the queue, and all others are ${others}`;
    return writeResult(output, { sweep: out, job: null, runs }, () => `nothing to submit: ${rest}`);
  }
  remark(output, describeEstimate(plan.runs.length, left.length, estimate));
  if (waiting > 0) remark(output, `${waiting} runs are in the queue already`);
  const script = join(out, "slurm.sh");
  writeFileAtomically(script, new TextEncoder().encode(scriptOf(checked, runs)));
  for (const name of runs) sweep.setFailure(name, null);
  const job = await submitJob(sweep, script, runs);
  writeResult(output, { sweep: out, job, runs }, () => `job ${job}: ${runs.length} runs`);
}
