/**
 * Tests of reading a part of a run's metrics: evenly spaced steps, every evaluation, whatever is torn or damaged.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { MetricsFile } from "../../src/training/metrics_file.ts";

function stepLine(step: number): string {
  return JSON.stringify({ step, steps: 1000, epoch: Math.floor((step - 1) / 100), loss: 1 / step });
}

function evaluationLine(step: number): string {
  const health = { featureStd: 1, effectiveRank: 9, covariance: 0.1 };
  const dense = { knn20: step / 10, cost: { macs: 100, share: 1 }, health };
  return JSON.stringify({ step, epoch: step / 100 - 1, networks: { dense } });
}

/** 1,000 steps, an evaluation after every hundredth. */
const lines = Array.from({ length: 1000 }, (_, index) => index + 1).flatMap((step) => {
  return step % 100 === 0 ? [stepLine(step), evaluationLine(step)] : [stepLine(step)];
});

/** What a sample of a file with this text holds: its steps' numbers, and its evaluations'. */
function sampled(text: string, points: number): { readonly steps: number[]; readonly evaluations: number[] } {
  const folder = Deno.makeTempDirSync();
  try {
    const path = join(folder, "metrics.jsonl");
    Deno.writeTextFileSync(path, text);
    const { steps, evaluations } = new MetricsFile(path).sample(points);
    return { steps: steps.map(({ step }) => step), evaluations: evaluations.map(({ step }) => step) };
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

Deno.test("a sample has about so many steps evenly spaced, the first and the last, and every evaluation", () => {
  const { steps, evaluations } = sampled(lines.map((line) => `${line}\n`).join(""), 50);
  assert.ok(steps.length === 50 || steps.length === 51, `${steps.length} steps`);
  assert.deepEqual([steps[0], steps.at(-1)], [1, 1000]);
  const gaps = steps.slice(1).map((step, index) => step - (steps[index] ?? 0));
  assert.ok(gaps.slice(0, -1).every((gap) => gap >= 17 && gap <= 23), gaps.join(" "));
  assert.deepEqual(evaluations, [100, 200, 300, 400, 500, 600, 700, 800, 900, 1000]);
});

Deno.test("a sample of a short file is all of it", () => {
  const { steps, evaluations } = sampled(lines.slice(0, 101).map((line) => `${line}\n`).join(""), 500);
  assert.deepEqual(steps, Array.from({ length: 100 }, (_, index) => index + 1));
  assert.deepEqual(evaluations, [100]);
});

Deno.test("a sample leaves out what is torn or damaged", () => {
  assert.deepEqual(sampled("", 10), { steps: [], evaluations: [] });
  assert.deepEqual(sampled('{"step":', 10), { steps: [], evaluations: [] });
  assert.deepEqual(sampled(`${stepLine(1)}\n${evaluationLine(100)}`, 10), { steps: [1], evaluations: [] });
  assert.deepEqual(sampled(`\n\nno JSON\n${stepLine(7)}\n{"networks":\n`, 10), { steps: [7], evaluations: [] });
  assert.deepEqual(sampled(`${evaluationLine(100)}\n`, 10), { steps: [], evaluations: [100] });
});

Deno.test("a file that is not there has nothing to sample", () => {
  assert.deepEqual(new MetricsFile("nowhere/metrics.jsonl").sample(10), { steps: [], evaluations: [] });
});
