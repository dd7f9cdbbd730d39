/**
 * The tables of single operations: are they right, are they fast.
 *
 * @module
 */

import process from "node:process";
import type { BenchmarkRow, CaseResult } from "../../src/selftest/mod.ts";
import { coloursFor } from "./colours.ts";
import { formatTable } from "./tables.ts";

/** The cases of a self-test as a table. */
export function formatSelftest(rows: readonly CaseResult[]): string {
  const colours = coloursFor(process.stdout);
  const cells = rows.map((row) => [
    row.operation,
    row.case,
    row.ok ? colours.green("ok") : colours.red("WRONG"),
    row.error.toExponential(1),
    row.gradientError === null ? null : row.gradientError.toExponential(1),
    row.milliseconds.toFixed(3),
  ]);
  return formatTable(["operation", "case", "", "error", "gradient error", "ms"], cells);
}

/** The speed of operations as a table. */
export function formatBenchmark(rows: readonly BenchmarkRow[]): string {
  const cells = rows.map((row) => [
    row.operation,
    row.case,
    row.milliseconds.toFixed(3),
    row.gflops?.toFixed(1),
    row.gbPerSecond?.toFixed(1),
    row.shareOfFloor.toFixed(2),
  ]);
  return formatTable(["operation", "case", "ms", "GFLOP/s", "GB/s", "floor / measured"], cells);
}
