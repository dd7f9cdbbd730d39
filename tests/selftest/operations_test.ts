/**
 * Tests of every operation case on every device found.
 *
 * @module
 */
import { assertEquals, assertLessOrEqual } from "@std/assert";
import {
  canRun,
  caseName,
  checkCase,
  DEFAULT_TOLERANCE,
  type OperationCase,
  operationCases,
  outputsAndGradients,
} from "../../src/selftest/mod.ts";
import type { Device } from "../../src/device/mod.ts";
import { openDevices } from "../devices.ts";

function testCase(device: Device, checked: OperationCase): void {
  const claim = "equals its float64 reference, and its finite differences, and gives back all memory";
  Deno.test(`on ${device.kind}, ${caseName(checked)} ${claim}`, () => {
    const { error, gradientError, leakedBytes, message } = checkCase(device, checked);
    const tolerance = checked.tolerance?.error ?? DEFAULT_TOLERANCE;
    assertEquals(message, undefined);
    assertLessOrEqual(error, tolerance, `error of the values: ${error}, allowed ${tolerance}`);
    assertLessOrEqual(gradientError ?? 0, tolerance, `error of the gradients: ${gradientError}, allowed ${tolerance}`);
    assertEquals(leakedBytes, 0);
  });
}

for (const device of openDevices()) {
  const cases = operationCases.filter((checked) => canRun(device, checked));
  for (const checked of cases) testCase(device, checked);

  Deno.test(`on ${device.kind}, every operation gives the same bits when it is repeated`, () => {
    for (const checked of cases) {
      const [first, second] = [outputsAndGradients(device, checked), outputsAndGradients(device, checked)];
      assertEquals(first, second, caseName(checked));
    }
  });
}
