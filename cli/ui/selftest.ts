/**
 * Formats the results of `doctor --ops` and `bench ops` as tables.
 *
 * @module
 */

import process from "node:process";
import type { DeviceCeilings } from "../../src/bench/ceilings.ts";
import type { OperationsBenchmark } from "../../src/bench/operations.ts";
import type { CaseResult } from "../../src/selftest/mod.ts";
import { coloursFor } from "./colours.ts";
import { formatTable } from "./tables.ts";

/** `doctor --ops`: a case a line, with its error and its time. */
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

/** Operations or bytes a second in units of 1e9. */
function giga(perSecond: number | null): string {
  return perSecond === null ? "-" : (perSecond / 1e9).toFixed(1);
}

function binarySize(bytes: number): string {
  return bytes < 2 ** 20 ? `${bytes / 2 ** 10} KiB` : `${bytes / 2 ** 20} MiB`;
}

/** The device's ceilings, which the last column of the table refers to. */
function formatCeilings({ bandwidths, flopsPerSecond }: DeviceCeilings): string {
  const shown = bandwidths.filter((_, index) => index % 4 === 0 || index === bandwidths.length - 1);
  const rates = shown.map(({ workingSet, bytesPerSecond }) => `${giga(bytesPerSecond)} (${binarySize(workingSet)})`);
  return [
    `best matrix products: ${giga(flopsPerSecond.f32)} GFLOP/s in f32, ${giga(flopsPerSecond.bf16)} in bf16`,
    `best memory bandwidth in GB/s, by working set: ${rates.join(", ")}`,
    "a ratio above 1 means that the operation needs fewer multiplications than its definition, which GFLOP/s counts",
  ].join("\n");
}

/** `bench ops`: a case a line, then the device's ceilings. */
export function formatBenchmark({ ceilings, rows }: OperationsBenchmark): string {
  const cells = rows.map((row) => [
    row.operation,
    row.case,
    row.milliseconds.toFixed(3),
    row.gflops?.toFixed(1),
    row.gbPerSecond?.toFixed(1),
    row.shareOfFloor.toFixed(2),
  ]);
  const table = formatTable(["operation", "case", "ms", "GFLOP/s", "GB/s", "floor / measured"], cells);
  return `${table}\n\n${formatCeilings(ceilings)}`;
}
