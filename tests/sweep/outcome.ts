/**
 * Reads the results of a sweep from its folder, for comparisons in tests.
 *
 * @module
 */
import { join } from "@std/path";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import type { SweepResults } from "../../src/sweep/mod.ts";

/** The rows of a sweep's results, without their times. */
export function rowsOf(sweep: string): object[] {
  const { rows } = JSON.parse(readFileSync(join(sweep, "results.json"), "utf8")) as SweepResults;
  return rows.map(({ wallSeconds: _, ...row }) => row);
}

/** The bytes of each run's last checkpoint, by run. */
export function weightsOf(sweep: string): Record<string, Uint8Array> {
  const names = readdirSync(join(sweep, "runs")).toSorted();
  const last = (name: string) => readFileSync(join(sweep, "runs", name, "checkpoints", "last.safetensors"));
  return Object.fromEntries(names.map((name) => [name, last(name)]));
}

/** Whether a run has recorded a step. */
export function hasBegun(sweep: string, run: string): boolean {
  // The sweep may rename the folder of a new run at any time.
  const metrics = statSync(join(sweep, "runs", run, "metrics.jsonl"), { throwIfNoEntry: false });
  return metrics !== undefined && metrics.size > 0;
}

/** Whether a run has a checkpoint. */
export function hasSaved(sweep: string, run: string): boolean {
  return existsSync(join(sweep, "runs", run, "checkpoints", "last.safetensors"));
}
