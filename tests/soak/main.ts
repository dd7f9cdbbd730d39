/**
 * Runs the soak tests in portions, and records the progress of each in runs/soak, so that a stopped soak can resume.
 *
 * @module
 */

import { join } from "@std/path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { runGpuKit } from "./gpu_kit.ts";
import { compareInference } from "./inference_precision.ts";
import { killCalls } from "./killed_calls.ts";
import { killRuns } from "./killed_runs.ts";
import { killUnpacking } from "./killed_unpacking.ts";
import { mutateCifar, mutateStl10 } from "./mutated_datasets.ts";
import { mutateRuns } from "./mutated_runs.ts";
import { mutateSafetensors } from "./mutated_files.ts";
import { mutateImageFiles } from "./mutated_images.ts";
import type { SoakTest } from "./soak.ts";
import { trainWithFlatMemory } from "./flat_memory.ts";
import { streamStl10 } from "./streamed_stl10.ts";

const folder = fileURLToPath(new URL("../../runs/soak", import.meta.url));
const statePath = join(folder, "state.json");
/** The tests, in the order in which they run; names are unique, because progress is recorded by name. */
const tests: readonly SoakTest[] = [
  mutateSafetensors,
  mutateCifar,
  mutateStl10,
  mutateImageFiles,
  trainWithFlatMemory,
  streamStl10,
  mutateRuns,
  killRuns,
  killCalls,
  killUnpacking,
  compareInference,
  runGpuKit,
];

/** Number of trials that have passed, by the name of their test. */
function readState(): Record<string, number> {
  try {
    return JSON.parse(Deno.readTextFileSync(statePath)) as Record<string, number>;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return {};
    throw error;
  }
}

function writeState(state: Readonly<Record<string, number>>): void {
  Deno.writeTextFileSync(`${statePath}.partial`, JSON.stringify(state));
  Deno.renameSync(`${statePath}.partial`, statePath);
}

/** Resumes one test and runs it to its end; throws at its first failure. */
async function resume(test: SoakTest, state: Record<string, number>): Promise<void> {
  for (let done = state[test.name] ?? 0; done < test.trials;) {
    const end = Math.min(done + test.portion, test.trials);
    await test.run(done, end);
    state[test.name] = done = end;
    writeState(state);
    console.error(`${test.name}: ${done} of ${test.trials}`);
  }
}

if (import.meta.main) {
  Deno.mkdirSync(folder, { recursive: true });
  const state = readState();
  for (const { name, trials } of tests) console.error(`${state[name] ?? 0} of ${trials} trials done: ${name}`);
  let failed = 0;
  for (const test of tests) {
    try {
      await resume(test, state);
    } catch (error) {
      failed++;
      console.error(`${test.name}: failed after ${state[test.name] ?? 0} trials`, error);
    }
  }
  // The next soak starts from nothing after a success, and resumes after a failure.
  if (failed === 0) Deno.removeSync(statePath);
  console.log(`${tests.length - failed} passed, ${failed} failed`);
  if (failed > 0) process.exitCode = 1;
}
