/**
 * Runs the single-file executable that is tested, with a cache of its own.
 *
 * @module
 */

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { finish, type Finished, testedExecutable as named } from "../cli/run_sluice.ts";

/**
 * The executable, as `deno task test` has built it.
 *
 * @throws where none is named: these tests are not run without.
 */
export function testedExecutable(): string {
  assert.ok(named, "SLUICE_TESTED_EXECUTABLE names the executable to test");
  return named;
}

/** Runs the executable to its end with a cache. */
export function runWithCache(cache: string, args: readonly string[]): Promise<Finished> {
  return finish(testedExecutable(), args, { SLUICE_CACHE: cache });
}

/** Asserts that a cache holds the unpacked files and their stamp, and nothing else; gives the folder of the files. */
export function assertCleanCache(cache: string): string {
  const [folder = "", ...others] = namesIn(cache);
  assert.match(folder, /^\d+\.\d+\.\d+\S*-[0-9a-f]{12}$/);
  assert.deepEqual(others, [`${folder}.stamp`]);
  return join(cache, folder);
}

/** Starts the executable, and kills it after so many milliseconds, unless it has ended before. */
async function startAndKill(executable: string, cache: string, milliseconds: number): Promise<void> {
  const child = new Deno.Command(executable, {
    args: ["--version"],
    env: { SLUICE_CACHE: cache },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const timer = setTimeout(() => child.kill("SIGKILL"), milliseconds);
  const { code, signal, stderr } = await child.output();
  clearTimeout(timer);
  assert.ok(signal === "SIGKILL" || code === 0, new TextDecoder().decode(stderr));
}

/**
 * Starts one process for each of some delays on the same cache, kills each after its milliseconds, and demands of the next
 * one that it works and leaves a clean cache.
 */
export async function assertKillsAreSurvived(
  executable: string,
  cache: string,
  delays: readonly number[],
): Promise<void> {
  await Promise.all(delays.map((delay) => startAndKill(executable, cache, delay)));
  const { status, stderr } = await finish(executable, ["--version"], { SLUICE_CACHE: cache });
  assert.equal(status, 0, stderr);
  assertCleanCache(cache);
}

/** The names in a folder, without locks, in order. */
export function namesIn(folder: string): string[] {
  return readdirSync(folder).filter((name) => !name.endsWith(".lock")).sort();
}
