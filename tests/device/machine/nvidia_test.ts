/**
 * Tests of what is said of NVIDIA's driver, with drawn ones.
 *
 * @module
 */
import assert from "node:assert/strict";
import { examineNvidia, gpuWarnings, type NvidiaReport } from "../../../src/device/machine/mod.ts";
import type { LibraryReport } from "../../../src/device/mod.ts";
import { withVariable } from "../../environment.ts";
import { onDrawn } from "./drawn_machine.ts";

const none: NvidiaReport = { kernelModule: null, library: null, cuda: null, gpus: [], fault: null };
const gpu = { name: "NVIDIA H100", capability: "9.0", memory: 80e9 };
const usable = { ...none, kernelModule: "570.86.15", library: "/lib/libcuda.so.1", cuda: "12.8", gpus: [gpu] };
const absent: LibraryReport = { path: "/x/libsluice_cuda.so", found: false, requirements: [] };

const versions = {
  "535.104.05": "NVIDIA UNIX x86_64 Kernel Module  535.104.05  Sat Aug 19 01:15:15 UTC 2023",
  "570.86.15": "NVIDIA UNIX Open Kernel Module for x86_64  570.86.15  Release Build  (dvs-builder@U16)",
  "550.54": "NVIDIA UNIX x86_64 Kernel Module  550.54  Thu Jan 1",
};
for (const [version, text] of Object.entries(versions)) {
  Deno.test(
    `driver ${version} is read from what the kernel says`,
    onDrawn({ "/proc/driver/nvidia/version": `NVRM version: ${text}\nGCC version:  gcc version 12.2.0` }, (system) => {
      const { kernelModule } = examineNvidia(system);
      assert.equal(kernelModule, version);
    }),
  );
}

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
