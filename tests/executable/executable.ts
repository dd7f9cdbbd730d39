/**
 * Runs the single-file executable under test with its own cache.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { readdirSync } from "node:fs";
import { finish, type Finished, testedExecutable as named } from "../cli/run_sluice.ts";

/**
 * The path of the executable that `deno task test` has built.
 *
 * @throws if the variable that names it is not set.
 */
export function testedExecutable(): string {
  assert(named, "SLUICE_TESTED_EXECUTABLE names the executable to test");
  return named;
}

/** Runs the executable with a cache folder. */
export function runWithCache(cache: string, args: readonly string[]): Promise<Finished> {
  return finish(testedExecutable(), args, { SLUICE_CACHE: cache });
}

/** Asserts that a cache contains only the unpacked files and their stamp, and returns the folder of the files. */
export function assertCleanCache(cache: string): string {
  const [folder = "", ...others] = namesIn(cache);
  assertMatch(folder, /^\d+\.\d+\.\d+\S*-[0-9a-f]{12}$/);
  assertEquals(others, [`${folder}.stamp`]);
  return join(cache, folder);
}

/** Starts the executable, and kills it after the given number of milliseconds unless it has ended. */
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
  assert(signal === "SIGKILL" || code === 0, new TextDecoder().decode(stderr));
}

/**
 * Starts a process per delay on the same cache and kills each after its delay in milliseconds. Asserts that the next
 * process works and leaves a clean cache.
 */
export async function assertKillsAreSurvived(
  executable: string,
  cache: string,
  delays: readonly number[],
): Promise<void> {
  await Promise.all(delays.map((delay) => startAndKill(executable, cache, delay)));
  const { status, stderr } = await finish(executable, ["--version"], { SLUICE_CACHE: cache });
  assertEquals(status, 0, stderr);
  assertCleanCache(cache);
}

/** The sorted names in a folder, without lock files. */
export function namesIn(folder: string): string[] {
  return readdirSync(folder).filter((name) => !name.endsWith(".lock")).sort();
}
