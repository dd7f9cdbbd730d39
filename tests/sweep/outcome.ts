/**
 * What a sweep's runs have come to, read from its folder.
 *
 * @module
 */
import { join } from "@std/path";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import type { SweepResults } from "../../src/sweep/mod.ts";

/** What a sweep has come to, without where it is and how long it took. */
export function rowsOf(sweep: string): object[] {
  const { rows } = JSON.parse(readFileSync(join(sweep, "results.json"), "utf8")) as SweepResults;
  return rows.map(({ wallSeconds: _, ...row }) => row);
}

/** The weights that a sweep's runs have come to, byte for byte. */
export function weightsOf(sweep: string): Record<string, Uint8Array> {
  const names = readdirSync(join(sweep, "runs")).toSorted();
  const last = (name: string) => readFileSync(join(sweep, "runs", name, "checkpoints", "last.safetensors"));
  return Object.fromEntries(names.map((name) => [name, last(name)]));
}

/** Whether a run has recorded a step. */
export function hasBegun(sweep: string, run: string): boolean {
  const metrics = join(sweep, "runs", run, "metrics.jsonl");
  return existsSync(metrics) && Deno.statSync(metrics).size > 0;
}

/** Whether a run has a checkpoint to go on from. */
export function hasSaved(sweep: string, run: string): boolean {
  return existsSync(join(sweep, "runs", run, "checkpoints", "last.safetensors"));
}
