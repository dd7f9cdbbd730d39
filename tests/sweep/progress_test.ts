/**
 * Tests of a sweep's progress and of its time left.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { mkdirSync, writeFileSync } from "node:fs";
import { readSteps, type StartedRun, SweepProgress } from "../../src/sweep/mod.ts";
import { describeProgress } from "../../cli/ui/sweep_progress.ts";
import { withFolder } from "../folders.ts";
import { plannedSweep } from "./planned_sweep.ts";

function run(name: string, training: number, evaluation: number, more: Partial<StartedRun> = {}): StartedRun {
  return { name, work: { training, evaluation }, at: null, isOver: false, ...more };
}

Deno.test("a sweep's progress and its time left follow the steps of the active runs", () => {
  const progress = new SweepProgress([run("a", 90, 10), run("b", 90, 10)]);
  assertEquals([progress.share(), progress.secondsLeft(5)], [0, null]);
  progress.reached("a", { step: 50, steps: 100 });
  assertEquals(progress.share(), 45 / 200);
  assertEquals(progress.secondsLeft(45), 155);
  progress.reached("a", { step: 100, steps: 100 });
  // The evaluation is still missing.
  assertEquals(progress.share(), 90 / 200);
  progress.over("a", true);
  assertEquals(progress.share(), 0.5);
  assertEquals(progress.secondsLeft(60), 60);
  progress.over("b", true);
  assertEquals([progress.share(), progress.secondsLeft(70)], [1, 0]);
});

Deno.test("work of earlier processes does not count for the pace", () => {
  const progress = new SweepProgress([
    run("done", 100, 0, { isOver: true }),
    run("half", 100, 0, { at: { step: 50, steps: 100 } }),
    run("new", 100, 0),
  ]);
  assertEquals([progress.share(), progress.secondsLeft(3)], [0.5, null]);
  progress.reached("half", { step: 75, steps: 100 });
  assertEquals(progress.secondsLeft(10), 50);
});

Deno.test("runs count by their work, and a failed run leaves no work", () => {
  const progress = new SweepProgress([run("long", 300, 0), run("short", 100, 0)]);
  progress.reached("long", { step: 1, steps: 3 });
  assertEquals(progress.share(), 0.25);
  progress.over("short", false);
  assertEquals(progress.share(), 0.5);
  assertEquals(progress.secondsLeft(20), 40);
  // An unknown run changes nothing.
  progress.over("other", true);
  assertEquals(progress.share(), 0.5);
  assertEquals(new SweepProgress([]).share(), 1);
});

Deno.test("the progress message has an estimate as soon as there is one", () => {
  assertEquals(describeProgress(0, 8, 0, null), "0 of 8 runs, 0 %");
  assertEquals(describeProgress(0, 8, 0.019, 200), "0 of 8 runs, 1 %, about 3:20 left");
  assertEquals(describeProgress(8, 8, 1, 0), "8 of 8 runs, 100 %");
});

Deno.test(
  "steps are read from a run's metrics, or null if there are none",
  withFolder((folder) => {
    const sweep = plannedSweep(join(folder, "sweep"));
    assertEquals(readSteps(sweep, "lr=0.1"), null);
    mkdirSync(sweep.runPath("lr=0.1"));
    const metrics = join(sweep.runPath("lr=0.1"), "metrics.jsonl");
    writeFileSync(metrics, "");
    assertEquals(readSteps(sweep, "lr=0.1"), null);
    writeFileSync(metrics, '{"step":3,"steps":8,"epoch":1,"loss":2}\n{"step":4,');
    assertEquals(readSteps(sweep, "lr=0.1"), { step: 3, steps: 8 });
    writeFileSync(metrics, "damaged\n");
    assertEquals(readSteps(sweep, "lr=0.1"), null);
  }),
);
