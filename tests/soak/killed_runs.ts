/**
 * Soak test: runs that are killed at any moment, and go on to what they would have been.
 *
 * @module
 */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { RandomStream } from "../../src/random/mod.ts";
import { assertSucceeds, startSluice } from "../cli/run_sluice.ts";
import type { SoakTest } from "./soak.ts";

/** 12 epochs of 8 steps, some seconds of training. */
const common = [
  ...["--batch", "8", "--threads", "1", "--quiet"],
  ...["--train-images", "64", "--test-images", "32", "--epochs", "12", "--eval-every", "4"],
];
/** Networks whose checkpoints are written at once, and beside training. */
const networks = { small: ["--width", "4", "--projector", "16"], large: ["--width", "16", "--projector", "512"] };
/** Milliseconds after a process's start within which it is killed: before its folder is there, and at any later time. */
const LONGEST_LIFE = 3500;

/** What is left of a run: its last checkpoint, and its metrics without times. */
function resultsOf(run: string) {
  const times = /,"viewsPerSecond":[^,]*,"wait":[^,]*,"time":[^,}]*/g;
  return {
    last: readFileSync(join(run, "checkpoints", "last.safetensors")),
    metrics: readFileSync(join(run, "metrics.jsonl"), "utf8").replaceAll(times, ""),
  };
}

/** Starts a process that trains, and kills it after so many milliseconds, unless it has ended before. */
async function runAndKill(args: readonly string[], milliseconds: number): Promise<void> {
  const child = startSluice(args);
  const timer = setTimeout(() => child.kill("SIGKILL"), milliseconds);
  const { code, signal, stderr } = await child.output();
  clearTimeout(timer);
  assert.ok(signal === "SIGKILL" || code === 0, new TextDecoder().decode(stderr));
}

/** Cuts the newest checkpoint short, where there are two: the run is to go on from the one before it. */
function truncateNewest(run: string, random: RandomStream): void {
  const folder = join(run, "checkpoints");
  if (!existsSync(folder) || readdirSync(folder).filter((name) => /^last.*\.safetensors$/.test(name)).length < 2) {
    return;
  }
  const newest = join(folder, "last.safetensors");
  if (existsSync(newest)) truncateSync(newest, random.integer(readFileSync(newest).length));
}

/** Kills a run twice at random moments, then lets it go on to its end. */
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
 * Demands of runs that were killed the weights and metrics of one that was not.
 *
 * @param begin number of the first trial; every third also has its newest checkpoint cut short, and every fourth has
 * checkpoints that are written beside training.
 * @param end number after the last.
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
        assert.deepEqual(resultsOf(await trial(folder, number, options)), expected, `trial ${number}`);
      }
    }
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/** 60 runs, each killed twice. */
export const killRuns: SoakTest = {
  name: "60 runs killed at random moments go on to the weights of an undisturbed one",
  trials: 60,
  portion: 5,
  run: assertKilledRunsGoOn,
};
