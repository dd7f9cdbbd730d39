/**
 * Soak test: kills runs at each of their first renames, removals and links, by system call.
 *
 * strace sends the signal in place of the call, so the call has no effect.
 *
 * @module
 */
import { assertEquals, assertGreaterOrEqual, fail } from "@std/assert";
import { join } from "@std/path";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { selfCommand } from "../../cli/self.ts";
import { RunFolder } from "../../src/run/run_folder.ts";
import { assertSucceeds, finish } from "../cli/run_sluice.ts";
import type { SoakTest } from "./soak.ts";

/** Number of calls of each kind at which to kill. */
const CALLS = 20;
/** Kinds of calls, as regular expressions for strace. */
const kinds = ["/^rename", "/^unlink", "/^link"];
/** 4 epochs of 2 steps, with two evaluations; each epoch's checkpoint is kept. */
const options = [
  ...["--width", "4", "--projector", "16", "--batch", "16", "--threads", "1", "--quiet"],
  ...["--train-images", "32", "--test-images", "16", "--epochs", "4", "--eval-every", "2", "--checkpoint-every", "2"],
];

/** Whether strace can kill processes at a system call on this machine. */
export async function hasStrace(): Promise<boolean> {
  try {
    const { status } = await finish("strace", ["-o", "/dev/null", "true"], {});
    return status === 0;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function digestOf(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

/** The results of a run: digests of its checkpoints, and its metrics without times. */
function resultsOf(run: string) {
  const times = /,"viewsPerSecond":[^,]*,"wait":[^,]*,"time":[^,}]*/g;
  const folder = join(run, "checkpoints");
  const names = readdirSync(folder).sort();
  return {
    checkpoints: names.map((name) => `${name} ${digestOf(join(folder, name))}`),
    metrics: readFileSync(join(run, "metrics.jsonl"), "utf8").replaceAll(times, ""),
  };
}

/** Names of the temporary files in a run and of the temporary folders beside it. */
function leftovers(folder: string, run: string): string[] {
  const all = [folder, run, join(run, "checkpoints")].flatMap((path) => existsSync(path) ? readdirSync(path) : []);
  return all.filter((name) => /\.partial$|\.new$/.test(name));
}

function stepsRecorded(run: string): number {
  const path = join(run, "metrics.jsonl");
  return existsSync(path) ? RunFolder.open(run).metrics.read().steps.length : 0;
}

async function trial(folder: string, kept: string, kind: string, call: number): Promise<void> {
  const run = join(folder, "run");
  const what = `${kept} kept, killed at call ${call} of ${kind}`;
  const [program = "", ...args] = selfCommand();
  const start = ["pretrain", ...options, "--keep-checkpoints", kept, "--out", run];
  const inject = ["-f", "-o", "/dev/null", "-e", `trace=${kind}`, "-e", `inject=${kind}:signal=SIGKILL:when=${call}`];
  for (const command of [start, ["pretrain", "--resume", run, "--quiet"]]) {
    if (command !== start && !existsSync(run)) continue;
    await finish("strace", [...inject, program, ...args, ...command], {});
    const steps = stepsRecorded(run);
    // The third step is only recorded after the first epoch, of two steps, is saved.
    if (steps < 3) continue;
    const { state } = RunFolder.open(run).latestCheckpoint((line) => fail(`${what}: ${line}`));
    assertGreaterOrEqual(state.step, 2, `${what}: ${steps} steps recorded, ${state.step} saved`);
  }
  await assertSucceeds(existsSync(run) ? ["pretrain", "--resume", run, "--quiet"] : start);
  assertEquals(leftovers(folder, run), [], what);
}

/**
 * Kills runs, and the processes that resume them, at one call each. Then resumes them to the end, and compares the
 * results.
 *
 * @param begin number of the first trial of twice 60: the calls of each kind, with one and with two checkpoints kept.
 * @param end number of the last trial, plus 1.
 */
export async function assertKilledCallsLoseNothing(begin: number, end: number): Promise<void> {
  const expected = new Map<string, ReturnType<typeof resultsOf>>();
  const parent = Deno.makeTempDirSync();
  try {
    for (const kept of ["1", "2"]) {
      const run = join(parent, `undisturbed-${kept}`);
      await assertSucceeds(["pretrain", ...options, "--keep-checkpoints", kept, "--out", run]);
      expected.set(kept, resultsOf(run));
    }
    for (let number = begin; number < end; number++) {
      const kept = number < kinds.length * CALLS ? "1" : "2";
      const kind = kinds[Math.floor(number / CALLS) % kinds.length] ?? "";
      const folder = join(parent, String(number));
      Deno.mkdirSync(folder);
      await trial(folder, kept, kind, 1 + number % CALLS);
      assertEquals(resultsOf(join(folder, "run")), expected.get(kept), `trial ${number}`);
    }
  } finally {
    Deno.removeSync(parent, { recursive: true });
  }
}

/** 120 runs; does nothing if strace is missing. */
export const killCalls: SoakTest = {
  name: "runs killed at each of their first 20 renames, removals and links lose no checkpoint (needs strace)",
  trials: 2 * kinds.length * CALLS,
  portion: 10,
  async run(begin, end) {
    if (await hasStrace()) return await assertKilledCallsLoseNothing(begin, end);
    console.error("skipped: strace is not installed");
  },
};
