/**
 * Tests of the file of results that the GPU kit writes, and of its tables.
 *
 * @module
 */
import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { InvalidInputError } from "../../../src/errors.ts";
import { withFolder } from "../../folders.ts";
import { kitReport } from "./report.ts";
import { documentOf, readResults, type SectionResult } from "./results.ts";

function result(section: string, more: Partial<SectionResult> = {}): SectionResult {
  return { section, outcome: "passed", reason: null, command: "a b", seconds: 1.25, stdout: "", stderr: "", ...more };
}

Deno.test(
  "results are read line by line, without a last line that was cut off",
  withFolder((folder) => {
    const path = join(folder, "gpu-results.jsonl");
    const results = [result("doctor"), result("step", { outcome: "cut off", stdout: '{"ms' })];
    Deno.writeTextFileSync(path, `${results.map((one) => `${JSON.stringify(one)}\n`).join("")}{"section":"la`);
    assertEquals(readResults(path), results);
    assertEquals(results.map(documentOf), [null, null]);
    Deno.writeTextFileSync(path, '{"section":"doctor"}\n');
    assertThrows(() => readResults(path), InvalidInputError, "gpu-results.jsonl, line 1: is not a result; give the");
    assertThrows(() => readResults(folder), InvalidInputError, "cannot be read");
    assertThrows(() => readResults(join(folder, "none")), InvalidInputError, "cannot be read");
  }),
);

Deno.test("the report counts tests, shows why a section failed or was skipped, and puts PyTorch's time beside a step", () => {
  const step = { msPerStep: 12.5, viewsPerSecond: 40960, shareOfPeak: 0.25 };
  const report = kitReport([
    result("native tests", { stdout: "[doctest] test cases: 12 | 11 passed | 1 failed |", outcome: "failed" }),
    result("training", { outcome: "failed", stderr: "first\nout of memory\n" }),
    result("native tests under memcheck", { outcome: "skipped", reason: "compute-sanitizer is not on the PATH" }),
    result("losses beside the CPU's", { stdout: JSON.stringify({ cpu: [2, 4], cuda: [2, 4.004] }) }),
    result("convolutions of ResNet-18", {
      stdout: JSON.stringify({
        rows: [{
          function: "sl_conv_backward_data",
          shape: [2, 8, 8, 4, 4, 3, 3, 1, 1, 1],
          calls: 8,
          milliseconds: 0.5,
        }],
        plans: "sluice plans 2; x\n0 2 8 8 4 4 3 3 1 1 1 16 0 0 3\n# cuDNN's engine 7 with 0 bytes of workspace\n" +
          "1 2 8 8 4 4 3 3 1 1 1 16 0 0 3\n# cuDNN's engine 8 with 0 bytes of workspace\n# left out: rank 0 needs\n" +
          "1 2 8 8 4 4 3 3 1 1 1 16 0 1 3\n# cuDNN's engine 9 with 0 bytes of workspace\n",
        stem: { 3: 0.25, 4: 0.125 },
      }),
    }),
    result("step, width 64, tf32", { stdout: JSON.stringify(step) }),
    result("PyTorch's step, width 64, f32", { stdout: "PyTorch 2.13 step: batch 256: 20.5 ms, 100 views/s" }),
  ]);
  assertMatch(report, /^\| native tests \| failed \| 1\.3 \| 11 passed, 1 failed \|$/m);
  assertMatch(report, /^\| training \| failed \| 1\.3 \| out of memory \|$/m);
  assertMatch(
    report,
    /^\| native tests under memcheck \| skipped \| 1\.3 \| compute-sanitizer is not on the PATH \|$/m,
  );
  assertMatch(report, /largest relative difference 1\.0e-3, at the first step 0\.0e\+0/);
  assertMatch(report, /^\| sl_conv_backward_data \| 2 8 8 4 4 3 3 1 1 1 \| 8, 9 \| 8 \| 0\.500 \|$/m);
  assertMatch(report, /0\.250 ms on images of 3 channels, 0\.125 ms with a fourth of zeros/);
  assertMatch(report, /^\| step, width 64, tf32 \| 12\.50 \| 40960 \| 25 % \| 20\.5 \|$/m);
});
