/**
 * Tests of what a run computes in: the choice that `auto` makes, and what is refused.
 *
 * @module
 */
import assert from "node:assert/strict";

import type { DeviceDescription } from "../../src/device/mod.ts";
import { InvalidInputError } from "../../src/errors.ts";
import { activationType, resolvePrecision } from "../../src/config/precision.ts";

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
  };
}

Deno.test("auto is bf16 where the processor multiplies it, else f32, even where it could be emulated", () => {
  for (const isa of ["avx512_core_bf16", "avx512_core_amx"]) {
    assert.equal(resolvePrecision("auto", processor(isa, true)), "bf16");
  }
  for (const isa of ["avx512", "avx512_core", "avx512_core_vnni"]) {
    assert.equal(resolvePrecision("auto", processor(isa, true)), "f32");
  }
  for (const isa of ["sse41", "avx2", "generic"]) assert.equal(resolvePrecision("auto", processor(isa, false)), "f32");
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
};

Deno.test("on a GPU auto is bf16, and tf32 is what it is called", () => {
  assert.equal(resolvePrecision("auto", gpu), "bf16");
  assert.equal(resolvePrecision("tf32", gpu), "tf32");
  assert.equal(resolvePrecision("f32", gpu), "f32");
  assert.equal(activationType("tf32"), "f32");
  assert.equal(activationType("bf16"), "bf16");
});

Deno.test("what is asked for is what is computed in, emulated or not", () => {
  assert.equal(resolvePrecision("f32", processor("avx512_core_amx", true)), "f32");
  assert.equal(resolvePrecision("f32", processor("avx2", false)), "f32");
  assert.equal(resolvePrecision("bf16", processor("avx512_core", true)), "bf16");
});

Deno.test("tf32 on a processor is refused in one line with a remedy", () => {
  assert.throws(() => resolvePrecision("tf32", processor("avx512_core_amx", true)), {
    message: "--precision tf32: a processor, used as avx512_core_amx, cannot compute in it; give --precision f32",
  });
});

Deno.test("bf16 on a device without it is refused in one line with a remedy", () => {
  assert.throws(() => resolvePrecision("bf16", processor("avx2", false)), (error) => {
    assert.ok(error instanceof InvalidInputError);
    assert.equal(
      error.message,
      "--precision bf16: a processor, used as avx2, cannot compute in it; give --precision f32",
    );
    return true;
  });
});
