/**
 * Tests of what `doctor` warns about GPUs that are there, or would be, and are not used.
 *
 * @module
 */
import assert from "node:assert/strict";
import { gpuWarnings } from "../../cli/examination.ts";
import type { LibraryReport } from "../../src/device/mod.ts";
import type { NvidiaReport } from "../../src/machine/mod.ts";
import { withVariable } from "../environment.ts";

const none: NvidiaReport = { kernelModule: null, library: null, cuda: null, gpus: [], fault: null };
const gpu = { name: "NVIDIA H100", capability: "9.0", memory: 80e9 };
const usable = { ...none, kernelModule: "570.86.15", library: "/lib/libcuda.so.1", cuda: "12.8", gpus: [gpu] };
const absent: LibraryReport = { path: "/x/libsluice_cuda.so", found: false, requirements: [] };

Deno.test("a machine without GPUs needs no word", () => {
  assert.deepEqual(gpuWarnings(none, absent), []);
  // An image made for GPUs, on a machine that has none.
  assert.deepEqual(gpuWarnings({ ...none, library: "/lib/libcuda.so.1", fault: "no GPU can be used" }, absent), []);
});

Deno.test("a driver that gives no GPU is a warning, with its reason", () => {
  assert.deepEqual(gpuWarnings({ ...none, kernelModule: "570.86.15", fault: "why, and what to do" }, absent), [
    "why, and what to do",
  ]);
});

Deno.test("a GPU that sluice has no library for is a warning, with the remedy where sluice is", () => {
  withVariable("SLUICE_EXECUTABLE", undefined, () => {
    assert.match(gpuWarnings(usable, absent).join(), /^NVIDIA H100: not used, .*not there: run `deno task build:cuda`/);
  });
  withVariable("SLUICE_EXECUTABLE", "/opt/sluice", () => {
    const [warning = "", ...others] = gpuWarnings(usable, absent);
    assert.deepEqual(others, []);
    assert.doesNotMatch(warning, /deno task/);
  });
});

Deno.test("a GPU that is not used for want of a library names that", () => {
  const cudnn = { name: "cuDNN", found: false, detail: "libcudnn.so.9 was not found in /a, /b: install cuDNN 9" };
  assert.deepEqual(gpuWarnings(usable, { ...absent, found: true, requirements: [cudnn] }), [
    "NVIDIA H100: not used, libcudnn.so.9 was not found in /a, /b: install cuDNN 9",
  ]);
  assert.match(
    gpuWarnings(usable, { ...absent, found: true }).join(),
    /not used: `sluice doctor --device cuda` says why$/,
  );
});
