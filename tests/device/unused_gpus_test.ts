/**
 * Tests of the reasons why GPUs are not used.
 *
 * @module
 */
import { assertEquals, assertMatch, assertNotMatch } from "@std/assert";
import { gpuWarnings, type LibraryReport } from "../../src/device/mod.ts";
import type { NvidiaReport } from "../../src/machine/mod.ts";
import { withVariable } from "../environment.ts";

const none: NvidiaReport = { kernelModule: null, library: null, cuda: null, gpus: [], fault: null };
const gpu = { name: "NVIDIA H100", capability: "9.0", memory: 80e9 };
const usable = { ...none, kernelModule: "570.86.15", library: "/lib/libcuda.so.1", cuda: "12.8", gpus: [gpu] };
const absent: LibraryReport = { path: "/x/libsluice_cuda.so", found: false, requirements: [] };

Deno.test("a machine without GPUs gets no warning", () => {
  assertEquals(gpuWarnings(none, () => absent, null), []);
  // A container image for GPUs on a machine without GPUs.
  assertEquals(
    gpuWarnings({ ...none, library: "/lib/libcuda.so.1", fault: "no GPU can be used" }, () => absent, null),
    [],
  );
});

Deno.test("a driver without a usable GPU gives a warning with the reason", () => {
  assertEquals(gpuWarnings({ ...none, kernelModule: "570.86.15", fault: "why, and what to do" }, () => absent, null), [
    "why, and what to do",
  ]);
});

Deno.test("a GPU without sluice's CUDA library gives a warning, with the remedy for a checkout or an executable", () => {
  withVariable("SLUICE_EXECUTABLE", undefined, () => {
    assertMatch(
      gpuWarnings(usable, () => absent, null).join(),
      /^NVIDIA H100: not used, .* is missing: run `deno task build:cuda`/,
    );
  });
  withVariable("SLUICE_EXECUTABLE", "/opt/sluice", () => {
    const [warning = "", ...others] = gpuWarnings(usable, () => absent, null);
    assertEquals(others, []);
    assertNotMatch(warning, /deno task/);
  });
});

Deno.test("a GPU without one of NVIDIA's libraries gives a warning that names the library", () => {
  const nvrtc = { name: "NVRTC", needed: false, found: false, detail: "libnvrtc.so.13 was not found" };
  const detail = "libcudnn.so.9 was not found in /a, /b: install cuDNN 9";
  const cudnn = { name: "cuDNN", needed: true, found: false, detail };
  assertEquals(gpuWarnings(usable, () => ({ ...absent, found: true, requirements: [nvrtc, cudnn] }), null), [
    "NVIDIA H100: not used, libcudnn.so.9 was not found in /a, /b: install cuDNN 9",
  ]);
  assertMatch(
    gpuWarnings(usable, () => ({ ...absent, found: true }), null).join(),
    /not used: `sluice doctor --device cuda` says why$/,
  );
  assertEquals(gpuWarnings(usable, () => ({ ...absent, found: true }), "cuda:0: out of memory"), [
    "NVIDIA H100: not used: cuda:0: out of memory",
  ]);
});
