/**
 * Tests of operations against outputs and gradients that PyTorch computed in float64.
 *
 * @module
 */
import { assert, assertEquals, assertGreater, assertLess, assertLessOrEqual, assertStrictEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import type { Device } from "../../src/device/mod.ts";
import { readSafetensors } from "../../src/formats/mod.ts";
import {
  canRun,
  caseName,
  DEFAULT_TOLERANCE,
  inputValues,
  type OperationCase,
  operationCases,
  outputsAndGradients,
  worstError,
} from "../../src/selftest/mod.ts";
import { openDevices } from "../devices.ts";
import { fixtureChecksum } from "./fixture_checksum.ts";

const remedy = "make the fixtures anew with tests/peer/operation_fixtures.py";
const { tensors, metadata } = readSafetensors(
  fileURLToPath(new URL("../fixtures/operations.safetensors", import.meta.url)),
);
const checksums: Readonly<Record<string, string>> = JSON.parse(metadata["checksums"] ?? "{}");
const cases = operationCases.filter(({ fixture }) => fixture);

function stored(name: string): Float64Array {
  const tensor = tensors.get(name);
  assert(tensor, `${name} is not in the fixtures: ${remedy}`);
  return Float64Array.from(tensor.data);
}

function testCase(device: Device, checked: OperationCase): void {
  const name = caseName(checked);
  Deno.test(`on ${device.kind}, ${name} equals PyTorch's outputs and gradients`, () => {
    assertStrictEquals(checksums[name], fixtureChecksum(checked), `the inputs have changed: ${remedy}`);
    const tolerance = checked.tolerance?.error ?? DEFAULT_TOLERANCE;
    const { outputs, gradients } = outputsAndGradients(device, checked);
    const error = worstError(outputs, outputs.map((_, index) => stored(`${name}/output ${index}`)));
    assertLessOrEqual(error, tolerance, `error of the values: ${error}, allowed ${tolerance}`);
    const names = [...gradients.keys()];
    const gradientError = worstError([...gradients.values()], names.map((leaf) => stored(`${name}/gradient ${leaf}`)));
    assertLessOrEqual(gradientError, tolerance, `error of the gradients: ${gradientError}, allowed ${tolerance}`);
  });
}

for (const device of openDevices()) {
  for (const checked of cases) if (canRun(device, checked)) testCase(device, checked);
}

Deno.test("the float64 reference of every case equals PyTorch's outputs", () => {
  for (const checked of cases) {
    const outputs = checked.reference(inputValues(checked));
    const error = worstError(outputs, outputs.map((_, index) => stored(`${caseName(checked)}/output ${index}`)));
    assertLess(error, 1e-14, `${caseName(checked)}: ${error}`);
  }
});

Deno.test("PyTorch's results are stored for the cases that want them and for no others", () => {
  assertGreater(cases.length, 80);
  assertEquals(Object.keys(checksums).sort(), cases.map(caseName).sort(), remedy);
});
