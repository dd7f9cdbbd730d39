/**
 * Tests of a run's schedules: temperature, ramp of target and opening, noise, and steps without gates.
 *
 * @module
 */
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import {
  budgetOptions,
  budgetTarget,
  copiesNorms,
  gateTemperature,
  isVanillaStep,
  noiseScale,
  openingOf,
} from "../../src/training/schedules.ts";

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

const gentle = {
  mode: "dual",
  budget: 0.3,
  gateWarmup: 3,
  budgetRamp: 6,
  gateOpening: 4,
  gateNoise: 0.5,
  gateNoiseEnd: 0,
  epochs: 15,
  vanillaShare: 0,
  bounds: false,
  boundAlpha: 0.5,
} as const;

/** A place after so many epochs of 10 steps. */
const after = (epochs: number) => ({ done: 10 * epochs, stepsPerEpoch: 10 });

Deno.test("target and opening fall along half a cosine between warm-up and budget, with every step", () => {
  // (1 + cos(pi x)) / 2 is 1, 3/4, 1/2 and 0 for x of 0, 1/3, 1/2 and 1.
  const left = [[0, 1], [3, 1], [5, 0.75], [6, 0.5], [9, 0], [14.9, 0]] as const;
  for (const [epochs, rest] of left) {
    assertAlmostEquals(budgetTarget(gentle, after(epochs)), 0.3 + 0.7 * rest, 1e-12);
    assertAlmostEquals(openingOf(gentle, after(epochs)), 4 * rest, 1e-12);
  }
  assert(budgetTarget(gentle, after(5.1)) < budgetTarget(gentle, after(5)));
});

Deno.test("without a ramp the target is the budget at every step, and nothing opens gates", () => {
  for (const epochs of [0, 3, 9]) {
    const steady = { ...gentle, budgetRamp: 0 };
    assertEquals([budgetTarget(steady, after(epochs)), openingOf(steady, after(epochs))], [0.3, 0]);
  }
});

Deno.test("the noise's scale falls along a line until 80 % of the run, or stays", () => {
  const scales = [[0, 0.5], [6, 0.25], [12, 0], [14, 0]] as const;
  for (const [epochs, expected] of scales) assertAlmostEquals(noiseScale(gentle, after(epochs)), expected, 1e-12);
  assertEquals(noiseScale({ ...gentle, gateNoise: 1, gateNoiseEnd: null }, after(9)), 1);
});

Deno.test("steps of the gate warm-up are vanilla, and after it an even share of steps", () => {
  const vanilla = (share: number, from: number, to: number) =>
    Array.from({ length: to - from }, (_, step) => {
      return isVanillaStep({ ...gentle, vanillaShare: share }, { done: from + step, stepsPerEpoch: 10 });
    });
  assert(vanilla(0, 0, 30).every((isVanilla) => isVanilla));
  assert(vanilla(0, 30, 150).every((isVanilla) => !isVanilla));
  const half = vanilla(0.5, 30, 1030);
  assertAlmostEquals(half.filter((isVanilla) => isVanilla).length, 500, 2);
  // Spread evenly: no three of a kind in a row.
  half.forEach((isVanilla, step) => assert(half[step + 1] !== isVanilla || half[step + 2] !== isVanilla));
});

Deno.test("norms are copied at the end of each epoch of the gate warm-up", () => {
  const copied = (config: { copyNorms: boolean; gateWarmup: number }) =>
    Array.from({ length: 50 }, (_, done) => done).filter((done) => copiesNorms(config, { done, stepsPerEpoch: 10 }));
  assertEquals(copied({ copyNorms: true, gateWarmup: 3 }), [10, 20, 30]);
  assertEquals(copied({ copyNorms: true, gateWarmup: 0 }), []);
  assertEquals(copied({ copyNorms: false, gateWarmup: 3 }), []);
});

Deno.test("bounds loosen behind the gate warm-up, and a run without bounds has a tightness of 0", () => {
  const bound = { ...gentle, bounds: true };
  assertEquals([2, 3].map((epoch) => budgetOptions(bound, epoch).tightness), [1, 1]);
  assertAlmostEquals(budgetOptions(bound, 5).tightness, Math.exp(-1), 1e-12);
  assertEquals(budgetOptions(gentle, 3).tightness, 0);
});
