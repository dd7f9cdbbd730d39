/**
 * Finds the exported networks in a run's folder.
 *
 * @module
 */
import { join } from "@std/path";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { type ExportBenchmark, exportBenchmarkPath, parseExportBenchmark } from "../bench/export.ts";

/** An exported network of a run. */
export interface ReportExport {
  /** Name of the file. */
  readonly file: string;
  /** Its size. */
  readonly bytes: number;
  /** Its times; null if it was not timed since it was written. */
  readonly benchmark: ExportBenchmark | null;
}

/** The figures beside an exported file; null if there are none, or they are of another file. */
function benchmarkOf(file: string, bytes: number): ExportBenchmark | null {
  const path = exportBenchmarkPath(file);
  if (!existsSync(path)) return null;
  const benchmark = parseExportBenchmark(readFileSync(path, "utf8"));
  return benchmark?.bytes === bytes ? benchmark : null;
}

/** The exported networks in a run's folder, by name. */
export function readExports(run: string): ReportExport[] {
  const folder = join(run, "exports");
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((file) => /\.(onnx|safetensors)$/.test(file)).sort().map((file) => {
    const path = join(folder, file);
    const { size: bytes } = statSync(path);
    return { file, bytes, benchmark: benchmarkOf(path, bytes) };
  });
}
