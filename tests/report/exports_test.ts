/**
 * Tests of the report's section about exported networks.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { mkdirSync, writeFileSync } from "node:fs";
import { type ExportBenchmark, writeExportBenchmark } from "../../src/bench/mod.ts";
import { reportOfRun, reportPage } from "../../src/report/mod.ts";
import { withFolder } from "../folders.ts";
import { makeRun } from "./synthetic_runs.ts";

function benchmark(bytes: number): ExportBenchmark {
  const row = (engine: "ONNX Runtime" | "sluice", threads: number, batch: number, milliseconds: number) => {
    return { engine, threads, batch, milliseconds, spread: 0.1, imageMilliseconds: milliseconds / batch };
  };
  const rows = [row("ONNX Runtime", 1, 1, 3.5), row("ONNX Runtime", 2, 1, 1.75), row("sluice", 1, 64, 96)];
  return { network: "slim", precision: "f32", bytes, processor: "Processor X", onnxruntime: "1.2", rows };
}

Deno.test(
  "the page lists exported networks with their sizes, and the times of those that were timed as they are",
  withFolder((folder) => {
    const run = makeRun(join(folder, "run"));
    assert(!reportPage(reportOfRun(run)).includes("Exported networks"));
    const exports = join(run.path, "exports");
    mkdirSync(exports);
    for (const name of ["dense.onnx", "slim-0.3.onnx", "gated.safetensors"]) {
      writeFileSync(join(exports, name), new Uint8Array(1_500_000));
    }
    assertEquals(reportOfRun(run).runs[0]?.exports.map(({ file, bytes, benchmark }) => [file, bytes, benchmark]), [
      ["dense.onnx", 1_500_000, null],
      ["gated.safetensors", 1_500_000, null],
      ["slim-0.3.onnx", 1_500_000, null],
    ]);
    const untimed = reportPage(reportOfRun(run));
    assertMatch(untimed, /Exported networks[\s\S]*dense\.onnx[\s\S]*1\.50/);
    assert(!untimed.includes("ONNX Runtime, ms"));

    writeExportBenchmark(join(exports, "slim-0.3.onnx"), benchmark(1_500_000));
    // Of a file that was replaced since.
    writeExportBenchmark(join(exports, "dense.onnx"), benchmark(7));
    writeFileSync(join(exports, "gated.safetensors.bench.json"), "damaged");
    const [dense, gated, slim] = reportOfRun(run).runs[0]?.exports ?? [];
    assertEquals([dense?.benchmark, gated?.benchmark, slim?.benchmark?.processor], [null, null, "Processor X"]);
    const page = reportPage(reportOfRun(run));
    assertMatch(page, /ONNX Runtime, ms, batch 1</);
    assertMatch(page, /slim-0\.3\.onnx[\s\S]*>3\.50<[\s\S]*>1\.50<[\s\S]*Processor X/);
  }),
);
