/**
 * Tests of the tables that an evaluation prints.
 *
 * @module
 */
import { assertEquals, assertLessOrEqual, assertMatch, assertNotMatch } from "@std/assert";
import { describeEvaluation } from "../../../cli/ui/evaluation.ts";
import type { Evaluation } from "../../../src/run/evaluation_file.ts";

const accuracy = (top1: number) => ({
  knn1: 30,
  knn20: 40,
  linear: { top1, top5: 91.25, std: { top1: 0.25, top5: 0.125 }, seeds: 3 },
});
const judged = (top1: number) => ({ ...accuracy(top1), cost: { macs: 166_253_000, share: 0.2995 } });
const both = (top1: number) => ({ asIs: judged(top1), recalibrated: judged(top1 + 0.5) });
const network = { ...judged(50), parts: [] };
const masks = { own: accuracy(49), exchanged: accuracy(52), static: judged(54) };

const evaluation: Evaluation = {
  run: "run",
  budgetMissed: null,
  networks: {
    dense: network,
    gated: {
      ...network,
      masks: {
        ...masks,
        ownRecalibrated: judged(51),
        openRecalibrated: judged(53),
        staticWay: "mostOpen",
        statics: { mostOpen: both(54), mostOpenPerMac: both(55), mostOpenByGate: both(56), scorePerMac: both(57) },
        oracle: judged(58),
        rho: 0.125,
      },
    },
  },
  references: { rawPixels: accuracy(20), untrained: {} },
};

Deno.test("the worth of masks has a row for each kind of masks, within 100 columns", () => {
  const lines = describeEvaluation(evaluation, false).split("\n");
  for (const line of lines) assertLessOrEqual(line.length, 100, line);
  const rows = lines.slice(1, lines.indexOf("")).map((
    line,
  ) => [line.slice(0, 27).trimEnd(), line.match(/(\d+.\d+) ±/)?.[1]]);
  assertEquals(rows, [
    ["dense", "50.00"],
    ["gated", "50.00"],
    ["  recalibrated", "51.00"],
    ["masks exchanged", "52.00"],
    ["all open, recalibrated", "53.00"],
    ["static: open most", "54.00"],
    ["  recalibrated", "54.50"],
    ["static: open most per MAC", "55.00"],
    ["  recalibrated", "55.50"],
    ["static: open most by gate", "56.00"],
    ["  recalibrated", "56.50"],
    ["static: score per MAC", "57.00"],
    ["  recalibrated", "57.50"],
    ["oracle, recalibrated", "58.00"],
    ["raw pixels", "20.00"],
  ]);
  assertEquals(lines.at(-1), "rho 0.1250: 0 if all images have one mask, 1 if masks vary as much as their cost allows");
});

Deno.test("what was added to the gates' logits is shown unless it is 0", () => {
  const withOpening = (opening: number) =>
    describeEvaluation({ ...evaluation, networks: { gated: { ...network, opening } } }, false);
  assertMatch(withOpening(-0.03125), /^-0\.0313 is added to the logits of all gates$/m);
  assertNotMatch(withOpening(0), /logits/);
});

Deno.test("a precision other than f32 is named", () => {
  assertMatch(describeEvaluation({ ...evaluation, precision: "bf16" }, false), /^networks computed in bf16; /m);
  assertNotMatch(describeEvaluation({ ...evaluation, precision: "f32" }, false), /computed in/);
});

Deno.test("with an augmented probe the gated network has a row for the cached probe, like the rows of the masks", () => {
  assertMatch(describeEvaluation(evaluation, true), /^gated, cached probe +30\.00 % +40\.00 % +49\.00 ± 0\.25 %/m);
});

Deno.test("an evaluation of an earlier version has no rows for what it did not measure", () => {
  const text = describeEvaluation({ ...evaluation, networks: { gated: { ...network, masks } } }, false);
  assertMatch(text, /^masks exchanged /m);
  assertNotMatch(text, /recalibrated|oracle|rho/);
});

Deno.test("times stand beside the cost, and as a share of the dense network's", () => {
  const common = { batch: 64, spread: 1, milliseconds: 64 };
  const networks = [
    { ...common, network: "dense", imageMilliseconds: 2, macShare: 1 },
    { ...common, network: "gated", imageMilliseconds: 0.75, macShare: 0.3 },
  ] as const;
  const speed = { step: 4, device: "a processor", threads: 2, precision: "f32", networks } as const;
  const text = describeEvaluation(evaluation, false, speed);
  assertMatch(
    text,
    /^network +cost share +ms an image +share of time\ndense +\S+ +2\.00 +1\.0000\ngated +\S+ +0\.75 +0\.3750$/m,
  );
  assertMatch(text, /^measured briefly on a processor, 2 threads, f32, batch 64; sluice bench infer RUN/m);
  for (const line of text.split("\n")) assertLessOrEqual(line.length, 100, line);
  const alone = describeEvaluation(evaluation, false, { ...speed, networks: networks.slice(1) });
  assertMatch(alone, /^gated +\S+ +0\.75 +-$/m);
});
