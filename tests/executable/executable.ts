/**
 * Runs the single-file executable that is tested, with a cache of its own.
 *
 * @module
 */

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";

/**
 * The executable, as `deno task test` has built it.
 *
 * @throws where none is named: these tests are not run without.
 */
export function testedExecutable(): string {
  const path = Deno.env.get("SLUICE_TESTED_EXECUTABLE");
  assert.ok(path, "SLUICE_TESTED_EXECUTABLE names the executable to test");
  return path;
}

/** What a process left behind. */
export interface Finished {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. */
export async function finish(program: string, args: readonly string[], env: Record<string, string>): Promise<Finished> {
  const { code, stdout, stderr } = await new Deno.Command(program, { args: [...args], env, stdin: "null" }).output();
  const decoder = new TextDecoder();
  return { status: code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** Runs the executable to its end with a cache. */
export function runWithCache(cache: string, args: readonly string[]): Promise<Finished> {
  return finish(testedExecutable(), args, { SLUICE_CACHE: cache });
}

/** The names in a folder, without locks, in order. */
export function namesIn(folder: string): string[] {
  return readdirSync(folder).filter((name) => !name.endsWith(".lock")).sort();
}
