// Tests of the schedules of a run.
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { gateTemperature } from "../../src/training/schedules.ts";

const config = { gateTemperature: 2, gateTemperatureEnd: 0.5, gateWarmup: 3, epochs: 14 };

Deno.test("a temperature without an end is constant", () => {
  for (const epoch of [0, 5, 13]) assertEquals(gateTemperature({ ...config, gateTemperatureEnd: null }, epoch), 2);
});

Deno.test("an annealed temperature goes from start to end by equal factors, behind the gate warm-up", () => {
  assertEquals(gateTemperature(config, 0), 2);
  assertEquals(gateTemperature(config, 3), 2);
  assertAlmostEquals(gateTemperature(config, 8), 1, 1e-12);
  assertEquals(gateTemperature(config, 13), 0.5);
  const factors = [4, 5, 6].map((epoch) => gateTemperature(config, epoch) / gateTemperature(config, epoch - 1));
  assert(factors.every((factor) => Math.abs(factor - (factors[0] ?? NaN)) < 1e-12));
});

Deno.test("a run whose only epoch with gates is its last has the end's temperature", () => {
  assertEquals(gateTemperature({ ...config, epochs: 4 }, 3), 0.5);
});
