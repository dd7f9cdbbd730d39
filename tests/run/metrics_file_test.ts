/**
 * Tests of reading a run's metrics, or a part of them: evenly spaced steps, every evaluation, whatever is torn or
 * damaged.
 *
 * @module
 */
import { assert, assertEquals, assertGreater } from "@std/assert";
import { join } from "@std/path";
import { MetricsFile } from "../../src/run/metrics_file.ts";

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
  assert(steps.length === 50 || steps.length === 51, `${steps.length} steps`);
  assertEquals([steps[0], steps.at(-1)], [1, 1000]);
  const gaps = steps.slice(1).map((step, index) => step - (steps[index] ?? 0));
  assert(gaps.slice(0, -1).every((gap) => gap >= 17 && gap <= 23), gaps.join(" "));
  assertEquals(evaluations, [100, 200, 300, 400, 500, 600, 700, 800, 900, 1000]);
});

Deno.test("a sample of a short file is all of it", () => {
  const { steps, evaluations } = sampled(lines.slice(0, 101).map((line) => `${line}\n`).join(""), 500);
  assertEquals(steps, Array.from({ length: 100 }, (_, index) => index + 1));
  assertEquals(evaluations, [100]);
});

Deno.test("a sample leaves out what is torn or damaged", () => {
  assertEquals(sampled("", 10), { steps: [], evaluations: [] });
  assertEquals(sampled('{"step":', 10), { steps: [], evaluations: [] });
  assertEquals(sampled(`${stepLine(1)}\n${evaluationLine(100)}`, 10), { steps: [1], evaluations: [] });
  assertEquals(sampled(`\n\nno JSON\n${stepLine(7)}\n{"networks":\n`, 10), { steps: [7], evaluations: [] });
  assertEquals(sampled(`${evaluationLine(100)}\n`, 10), { steps: [], evaluations: [100] });
});

Deno.test("a file that is not there has nothing to sample", () => {
  assertEquals(new MetricsFile("nowhere/metrics.jsonl").sample(10), { steps: [], evaluations: [] });
});

/** What is in a file with these lines, and what is once it is cut after a step. */
function cutAfter(
  text: string,
  step: number,
): { damaged: readonly number[]; left: string; reported: readonly number[] } {
  const folder = Deno.makeTempDirSync();
  try {
    const path = join(folder, "metrics.jsonl");
    Deno.writeTextFileSync(path, text);
    const file = new MetricsFile(path);
    const { damaged } = file.read();
    const reported = file.cutAfter(step);
    return { damaged, left: Deno.readTextFileSync(path), reported };
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/** The first lines, some of them with another text in the place of one of theirs. */
function damagedText(count: number, changes: Readonly<Record<number, (line: string) => string>>): string {
  return lines.slice(0, count).map((line, index) => `${(changes[index + 1] ?? ((same) => same))(line)}\n`).join("");
}

const damages: Readonly<Record<string, (line: string) => string>> = {
  "a flipped bit in its syntax": (line) => line.replace(":", ";"),
  "a flipped bit in a key": (line) => line.replace('"step"', '"stdp"'),
  "a number that became text": (line) => line.replace(/"loss":[^,}]*/, '"loss":"x"'),
  "zeros, as a power cut leaves them": (line) => "\0".repeat(line.length),
  "a line of nothing": () => "",
};

for (const [what, change] of Object.entries(damages)) {
  Deno.test(`a damaged line costs itself alone, and is told by its number: ${what}`, () => {
    const text = damagedText(100, { 3: change });
    const { damaged, left, reported } = cutAfter(text, 90);
    assertEquals([damaged, reported], [[3], [3]]);
    assertEquals(left, lines.slice(0, 90).filter((_, index) => index !== 2).map((line) => `${line}\n`).join(""));
  });
}

Deno.test("several damaged lines are told, among them one whose step became a later one", () => {
  const text = damagedText(100, {
    3: (line) => line.slice(0, 9),
    50: (line) => line.replace('"step":50', '"step":950'),
    70: (line) => `${line}{`,
  });
  const { damaged, left, reported } = cutAfter(text, 90);
  assertEquals([damaged, reported], [[3, 70], [3, 50, 70]]);
  assertEquals(left.trimEnd().split("\n").length, 87);
});

Deno.test("a sound file that needs no cut is not touched, and a torn last line is taken away without a word", () => {
  const text = lines.slice(0, 20).map((line) => `${line}\n`).join("");
  assertEquals(cutAfter(text, 20), { damaged: [], left: text, reported: [] });
  assertEquals(cutAfter(`${text}{"step":2`, 20), { damaged: [], left: text, reported: [] });
  assertEquals(cutAfter(text, 0), { damaged: [], left: "", reported: [] });
});

Deno.test("an evaluation after the last step is taken away, for it is made again, one before it stays", () => {
  const text = lines.slice(0, 202).map((line) => `${line}\n`).join("");
  const { left } = cutAfter(text, 200);
  const kept = left.trimEnd().split("\n");
  assertEquals([kept.length, kept.at(-1)], [201, stepLine(200)]);
  assert(kept.includes(evaluationLine(100)));
});

Deno.test("a loss that was not finite is read as one, and so are numbers of an evaluation", () => {
  const folder = Deno.makeTempDirSync();
  try {
    const file = new MetricsFile(join(folder, "metrics.jsonl"));
    const sound = JSON.parse(stepLine(1));
    file.append({ ...sound, loss: NaN, terms: { variance: Infinity, macs: 1 } });
    const health = { featureStd: NaN, effectiveRank: NaN, covariance: NaN };
    file.append({ step: 1, epoch: 1, networks: { dense: { knn20: 1, cost: { macs: 1, share: 1 }, health } } });
    const { steps: [step], evaluation, damaged } = file.read();
    assertEquals([step?.loss, step?.terms, damaged], [NaN, { variance: NaN, macs: 1 }, []]);
    assertEquals(evaluation?.networks.dense?.health, health);
    assertEquals(file.lastStep()?.loss, NaN);
    assertEquals(file.sample(5).steps.map(({ loss }) => loss), [NaN]);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("a line of a gigabyte is one damaged line to every reader", () => {
  const folder = Deno.makeTempDirSync();
  try {
    const path = join(folder, "metrics.jsonl");
    Deno.writeTextFileSync(path, `${stepLine(1)}\n`);
    // A file with a hole: a gigabyte of zeros that takes no room.
    Deno.truncateSync(path, 2 ** 30);
    Deno.writeTextFileSync(path, `\n${stepLine(2)}\n${evaluationLine(100)}\n`, { append: true });
    const file = new MetricsFile(path);
    const { steps, evaluation, damaged } = file.read();
    assertEquals([steps.map(({ step }) => step), evaluation?.step, damaged], [[1, 2], 100, [2]]);
    assertEquals(file.lastStep()?.step, 2);
    assertEquals(file.sample(4).steps.map(({ step }) => step), [1, 2]);
    assertEquals(file.cutAfter(2), [2]);
    assertEquals(Deno.readTextFileSync(path), `${stepLine(1)}\n${stepLine(2)}\n`);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("the last step is found behind an evaluation of any length", () => {
  const folder = Deno.makeTempDirSync();
  try {
    const path = join(folder, "metrics.jsonl");
    const gates = Array.from(
      { length: 3000 },
      (_, gate) => ({ name: `layer${gate}`, histogram: new Array(10).fill(7) }),
    );
    const long = JSON.parse(evaluationLine(100));
    long.networks.dense.health.gates = gates;
    Deno.writeTextFileSync(path, `${stepLine(99)}\n${stepLine(100)}\n${JSON.stringify(long)}\n`);
    assertGreater(Deno.statSync(path).size, 100_000);
    assertEquals(new MetricsFile(path).lastStep()?.step, 100);
    assertEquals(new MetricsFile(join(folder, "none")).lastStep(), null);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
