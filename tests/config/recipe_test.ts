/**
 * Tests of the recipes that a run with gates begins by.
 *
 * @module
 */
import { assertEquals } from "@std/assert";

import { resolveConfig } from "../../src/config/config.ts";
import { formatConfig, parseConfigFile } from "../../src/config/config_file.ts";
import { assertRefused } from "./refused.ts";

const beginnings = [
  "budgetRule",
  "gateWarmup",
  "copyNorms",
  "budgetRamp",
  "gateOpening",
  "gateNoise",
  "gateNoiseEnd",
  "bounds",
] as const;

function beginningOf(flags: Readonly<Record<string, unknown>>, preset = "small") {
  const config = resolveConfig({ preset, flags });
  return beginnings.map((name) => config[name]);
}

Deno.test("the default recipe begins gently by shares of the epochs, and the paper's begins as published", () => {
  assertEquals(beginningOf({}), ["default", 3, true, 6, 4, 0.5, 0, false]);
  assertEquals(beginningOf({ epochs: 500 }), ["default", 100, true, 200, 4, 0.5, 0, false]);
  // A gated run has one set of norms.
  assertEquals(beginningOf({ mode: "gated" }), beginningOf({ copyNorms: false }));
  assertEquals(beginningOf({ separateNorm: false }), beginningOf({ copyNorms: false }));
  const paper = ["paper", 0, false, 0, 0, 1, null, true];
  assertEquals(beginningOf({ recipe: "paper" }), paper);
  assertEquals(beginningOf({}, "paper-cifar10"), paper);
  assertEquals(beginningOf({ recipe: "default", epochs: 15 }, "paper-cifar10"), beginningOf({}));
  assertEquals(beginningOf({ budgetRule: "paper" }), ["paper", ...beginningOf({}).slice(1, -1), true]);
  assertEquals(beginningOf({ recipe: "paper", budgetRule: "default", gateWarmup: 2 }), [
    "default",
    2,
    ...paper.slice(2),
  ]);
});

Deno.test("a run without gates has no gentle beginning", () => {
  assertEquals(beginningOf({ mode: "vanilla" }).slice(1), [0, false, 0, 0, 1, null, true]);
});

Deno.test("the gentle beginning leaves room for short runs, a longer warm-up and a bias", () => {
  assertEquals(beginningOf({ epochs: 1 }).slice(1, 5), [0, false, 0, 0]);
  assertEquals(beginningOf({ epochs: 2 }).slice(1, 5), [0, false, 1, 4]);
  assertEquals(beginningOf({ gateWarmup: 12 }).slice(1, 5), [12, true, 2, 4]);
  assertEquals(beginningOf({ gateWarmup: 14 }).slice(1, 5), [14, true, 0, 0]);
  assertEquals(beginningOf({ gateBias: 2 }).slice(1, 5), [3, true, 6, 0]);
  // A gated encoder of its own would not be trained without gates.
  assertEquals(beginningOf({ separateEncoders: true }).slice(1, 5), [0, false, 6, 4]);
});

Deno.test("a stored configuration without a recipe began as the paper, under the default rule", () => {
  const file = parseConfigFile("config.yaml", "preset: small\nversions:\n  deno: 2.9.6\n");
  const config = resolveConfig({ file });
  assertEquals(config.recipe, "paper");
  assertEquals(beginnings.map((name) => config[name]), ["default", 0, false, 0, 0, 1, null, true]);
});

Deno.test("an option that a new run would not heed is refused, and one of a stored run is not", () => {
  const refused = (options: Readonly<Record<string, unknown>>, message: RegExp) => {
    assertRefused({ preset: "small", flags: options }, message);
    const stored = { path: "config.yaml", options: { ...resolveConfig({ preset: "small" }), ...options } };
    assertEquals(resolveConfig({ file: stored, stored: true }), stored.options);
  };
  refused({ separateEncoders: true, gateWarmup: 2 }, /^--gate-warmup 2: .*--separate-encoders; leave out one$/);
  refused(
    { separateEncoders: true, vanillaShare: 0.5 },
    /^--vanilla-share 0\.5: .*--separate-encoders; leave out one$/,
  );
  refused(
    { mode: "gated", copyNorms: true },
    /^--copy-norms: both passes of this run share their norms; leave it out$/,
  );
  refused({ separateNorm: false, copyNorms: true }, /^--copy-norms: both passes /);
  // A new run heeds what it is given, also beside the file of another run.
  const whole = formatConfig(resolveConfig({ preset: "small" }));
  const file = parseConfigFile("run.yaml", `${whole}versions:\n  deno: 2.9.6\n`);
  assertRefused({ file, flags: { separateEncoders: true } }, /^--gate-warmup 3: /);
  assertRefused({ file, flags: { recipe: "paper" } }, /^--recipe paper: run\.yaml has recipe default and its values, /);
  assertEquals(resolveConfig({ file, flags: { recipe: "default", seed: 7 } }).seed, 7);
  // A sweep that continues keeps the values that its runs were planned with.
  assertEquals(resolveConfig({ flags: { mode: "gated" }, fitted: { copyNorms: true } }).copyNorms, true);
  refused({ gateWarmup: 0, copyNorms: true }, /^--copy-norms: .*; give --gate-warmup, too$/);
  assertEquals(resolveConfig({ flags: { mode: "vanilla", copyNorms: true } }).copyNorms, true);
});
