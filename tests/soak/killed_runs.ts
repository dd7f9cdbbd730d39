/**
 * Soak test: kills runs at random moments; resumed, they must end with the weights of an undisturbed run.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { existsSync, readdirSync, readFileSync, truncateSync } from "node:fs";
import { RandomStream } from "../../src/random/mod.ts";
import { assertSucceeds, startSluice } from "../cli/run_sluice.ts";
import type { SoakTest } from "./soak.ts";

/** 12 epochs of 8 steps, some seconds of training. */
const common = [
  ...["--batch", "8", "--threads", "1", "--quiet"],
  ...["--train-images", "64", "--test-images", "32", "--epochs", "12", "--eval-every", "4"],
];
/** Networks whose checkpoints are written immediately (small), and by a worker beside training (large). */
const networks = { small: ["--width", "4", "--projector", "16"], large: ["--width", "16", "--projector", "512"] };
/** Milliseconds after its start within which a process is killed, possibly before it has made its folder. */
const LONGEST_LIFE = 3500;

/** A run's results: its last checkpoint, and its metrics without times. */
function resultsOf(run: string) {
  const times = /,"viewsPerSecond":[^,]*,"wait":[^,]*,"time":[^,}]*/g;
  return {
    last: readFileSync(join(run, "checkpoints", "last.safetensors")),
    metrics: readFileSync(join(run, "metrics.jsonl"), "utf8").replaceAll(times, ""),
  };
}

/** Starts a process that trains, and kills it after `milliseconds` unless it has ended by then. */
async function runAndKill(args: readonly string[], milliseconds: number): Promise<void> {
  const child = startSluice(args);
  const timer = setTimeout(() => child.kill("SIGKILL"), milliseconds);
  const { code, signal, stderr } = await child.output();
  clearTimeout(timer);
  assert(signal === "SIGKILL" || code === 0, new TextDecoder().decode(stderr));
}

/** Truncates the newest checkpoint if there are two: the run must resume from the older one. */
function truncateNewest(run: string, random: RandomStream): void {
  const folder = join(run, "checkpoints");
  if (!existsSync(folder) || readdirSync(folder).filter((name) => /^last.*\.safetensors$/.test(name)).length < 2) {
    return;
  }
  const newest = join(folder, "last.safetensors");
  if (existsSync(newest)) truncateSync(newest, random.integer(readFileSync(newest).length));
}

/** Kills a run twice at random moments, then resumes it to its end. */
async function trial(folder: string, number: number, options: readonly string[]): Promise<string> {
  const random = new RandomStream(11, 1, number);
  const run = join(folder, `run-${number}`);
  for (let kill = 0; kill < 2; kill++) {
    const args = existsSync(run) ? ["--resume", run] : [...options, "--out", run];
    await runAndKill(["pretrain", ...args], random.integer(LONGEST_LIFE));
  }
  if (number % 3 === 2) truncateNewest(run, random);
  await assertSucceeds(["pretrain", ...(existsSync(run) ? ["--resume", run] : [...options, "--out", run])]);
  return run;
}

/**
 * Asserts that runs that were killed end with the weights and metrics of an undisturbed run.
 *
 * @param begin number of the first trial. Every third trial also truncates the newest checkpoint, and every fourth
 * uses the network whose checkpoints a worker writes.
 * @param end number of the last trial, plus 1.
 */
export async function assertKilledRunsGoOn(begin: number, end: number): Promise<void> {
  const folder = Deno.makeTempDirSync();
  try {
    for (const [kind, network] of Object.entries(networks)) {
      const isOfKind = (number: number) => (number % 4 === 3) === (kind === "large");
      const numbers = Array.from({ length: end - begin }, (_, index) => begin + index).filter(isOfKind);
      const options = [...network, ...common];
      const undisturbed = join(folder, `undisturbed-${kind}`);
      await assertSucceeds(["pretrain", ...options, "--out", undisturbed]);
      const expected = resultsOf(undisturbed);
      for (const number of numbers) {
        assertEquals(resultsOf(await trial(folder, number, options)), expected, `trial ${number}`);
      }
    }
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/** 60 runs, each killed twice. */
export const killRuns: SoakTest = {
  name: "60 runs killed at random moments end with the weights of an undisturbed run",
  trials: 60,
  portion: 5,
  run: assertKilledRunsGoOn,
};
