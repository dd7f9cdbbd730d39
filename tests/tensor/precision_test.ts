/**
 * Tests of what a run computes in: the choice that `auto` makes, and what is refused.
 *
 * @module
 */

import { assertEquals, assertThrows } from "@std/assert";
import type { DeviceDescription } from "../../src/device/mod.ts";
import { InvalidInputError } from "../../src/errors.ts";
import { activationType, resolvePrecision } from "../../src/tensor/precision.ts";

function processor(isa: string, bf16: boolean): DeviceDescription {
  return {
    kind: "cpu",
    name: "a processor",
    isa,
    cores: 1,
    backend: "oneDNN",
    backendVersion: "3.0.0",
    bf16,
    tf32: false,
    sharedPacks: false,
  };
}

Deno.test("auto is bf16 where the processor multiplies it, else f32, even where it could be emulated", () => {
  for (const isa of ["avx512_core_bf16", "avx512_core_amx"]) {
    assertEquals(resolvePrecision("auto", processor(isa, true)), "bf16");
  }
  for (const isa of ["avx512", "avx512_core", "avx512_core_vnni"]) {
    assertEquals(resolvePrecision("auto", processor(isa, true)), "f32");
  }
  for (const isa of ["sse41", "avx2", "generic"]) assertEquals(resolvePrecision("auto", processor(isa, false)), "f32");
});

const gpu: DeviceDescription = {
  kind: "cuda",
  name: "a GPU",
  isa: "sm_90",
  cores: 132,
  backend: "cuDNN",
  backendVersion: "9.1.0",
  bf16: true,
  tf32: true,
  sharedPacks: true,
};

Deno.test("on a GPU auto is bf16, and tf32 is what it is called", () => {
  assertEquals(resolvePrecision("auto", gpu), "bf16");
  assertEquals(resolvePrecision("tf32", gpu), "tf32");
  assertEquals(resolvePrecision("f32", gpu), "f32");
  assertEquals(activationType("tf32"), "f32");
  assertEquals(activationType("bf16"), "bf16");
});

Deno.test("what is asked for is what is computed in, emulated or not", () => {
  assertEquals(resolvePrecision("f32", processor("avx512_core_amx", true)), "f32");
  assertEquals(resolvePrecision("f32", processor("avx2", false)), "f32");
  assertEquals(resolvePrecision("bf16", processor("avx512_core", true)), "bf16");
});

Deno.test("tf32 on a processor is refused in one line with a remedy", () => {
  assertEquals(
    assertThrows(() => resolvePrecision("tf32", processor("avx512_core_amx", true)), Error).message,
    "--precision tf32: a processor, used as avx512_core_amx, cannot compute in it; give --precision f32",
  );
});

Deno.test("bf16 on a device without it is refused in one line with a remedy", () => {
  assertEquals(
    assertThrows(() => resolvePrecision("bf16", processor("avx2", false)), InvalidInputError).message,
    "--precision bf16: a processor, used as avx2, cannot compute in it; give --precision f32",
  );
});
