/**
 * What `status`, the report, a sweep and `--resume` take a run for, after each failure that a run's writers may end in.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { join } from "@std/path";
import { readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import type { Dataset } from "../../src/data/mod.ts";
import { phaseOf } from "../../src/run/run_status.ts";
import { planSweep, readResults, readRunState, SweepFolder, SweepSpec } from "../../src/sweep/mod.ts";
import { resolveConfig } from "../../src/config/mod.ts";
import {
  type EvaluationRecord,
  isFinished,
  readStatus,
  RunFolder,
  type RunState,
  type StepRecord,
} from "../../src/run/mod.ts";
import { withFolder } from "../folders.ts";
import { saveState, stateAt } from "./saved_checkpoint.ts";

/** 2 epochs of 2 steps on 8 images. */
const IMAGES = 8;
const flags = {
  dataset: "shapes",
  trainImages: IMAGES,
  testImages: 4,
  batch: 4,
  epochs: 2,
  evalEvery: 1,
  mode: "vanilla",
};
const sound = { featureStd: 1, effectiveRank: 9, covariance: 0.1 };
const untrained: RunState["untrained"] = { dense: sound };
const labelled = { pretraining: { count: IMAGES }, labelled: {} } as unknown as Dataset;
const unlabelled = { ...labelled, labelled: null };

function step(number: number, loss = 25): StepRecord {
  const rates = { multiplier: 0, lr: 0.1, viewsPerSecond: 10, wait: 0, time: number };
  return {
    ...{ step: number, steps: 4, epoch: Math.floor((number - 1) / 2), loss, terms: { variance: loss } },
    ...{ share: null, noiseFreeShare: null, ...rates },
  };
}

function evaluationAfter(number: number, health = sound): EvaluationRecord {
  return { step: number, epoch: number / 2, networks: { dense: { knn20: 50, cost: { macs: 100, share: 1 }, health } } };
}

/** What a run's files hold. */
interface Situation {
  /** Steps that were saved, one checkpoint after another. */
  readonly saved: readonly number[];
  /** The lines of the log. */
  readonly log: readonly (StepRecord | EvaluationRecord)[];
  /** Options other than the usual ones. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** Whether the images have no labels. */
  readonly unlabelled?: boolean;
  /** What befalls the files after that. */
  readonly damage?: (run: RunFolder) => void;
  /** What the run is taken for. */
  readonly expected: {
    readonly phase: "finished" | "stopped";
    readonly step: number;
    readonly steps?: number | null;
    readonly failure?: RegExp;
    readonly checkpoint?: string | null;
    readonly damagedLines?: readonly number[];
  };
}

const whole = [step(1), step(2), evaluationAfter(2), step(3), step(4), evaluationAfter(4)];
const last = (run: RunFolder, before = 0) => run.checkpoints.last(before);
const metrics = (run: RunFolder) => join(run.path, "metrics.jsonl");

const situations: Readonly<Record<string, Situation>> = {
  "comes to its end": { saved: [2, 4], log: whole, expected: { phase: "finished", step: 4 } },
  "comes to its end without labels": {
    saved: [2, 4],
    log: [step(1), step(2), step(3), step(4)],
    unlabelled: true,
    expected: { phase: "finished", step: 4 },
  },
  "has a full disk when it saves for the last time": {
    saved: [2],
    log: [step(1), step(2), evaluationAfter(2), step(3), step(4)],
    expected: { phase: "stopped", step: 2 },
  },
  "is killed before its first checkpoint": {
    saved: [],
    log: [step(1)],
    expected: { phase: "stopped", step: 0, checkpoint: null },
  },
  "is killed between its last checkpoint and the evaluation after it": {
    saved: [2, 4],
    log: [step(1), step(2), evaluationAfter(2), step(3), step(4)],
    expected: { phase: "stopped", step: 4 },
  },
  "is killed before its only evaluation": {
    saved: [2, 4],
    log: [step(1), step(2), step(3), step(4)],
    options: { evalEvery: 2 },
    expected: { phase: "stopped", step: 4 },
  },
  "is killed while it writes a line": {
    saved: [2],
    log: [step(1), step(2), evaluationAfter(2)],
    damage: (run) => writeFileSync(metrics(run), '{"step":3,"ste', { flag: "a" }),
    expected: { phase: "stopped", step: 2 },
  },
  "diverges before its first checkpoint": {
    saved: [],
    log: [step(1), step(2, NaN)],
    expected: {
      ...{ phase: "stopped", step: 0, checkpoint: null },
      failure: /^step 2: the loss is not finite at --lr .*; begin again with/,
    },
  },
  "diverges later": {
    saved: [2],
    log: [step(1), step(2), evaluationAfter(2), step(3, Infinity)],
    expected: { phase: "stopped", step: 2, failure: /^step 3: the loss is not finite/ },
  },
  "collapses at its end": {
    saved: [2, 4],
    log: [...whole.slice(0, -1), evaluationAfter(4, { featureStd: 1e-9, effectiveRank: 1, covariance: 0 })],
    expected: { phase: "stopped", step: 4, failure: /^step 4: the features of the dense network have collapsed/ },
  },
  "ends with features that are not finite": {
    saved: [2, 4],
    log: [...whole.slice(0, -1), evaluationAfter(4, { featureStd: NaN, effectiveRank: NaN, covariance: NaN })],
    expected: { phase: "stopped", step: 4, failure: /^step 4: the features of the dense network are not finite/ },
  },
  "has its last checkpoint cut short": {
    saved: [2, 4],
    log: whole,
    damage: (run) => truncateSync(last(run), readFileSync(last(run)).length - 1),
    expected: { phase: "stopped", step: 2, checkpoint: "last-1.safetensors" },
  },
  "has its last checkpoint replaced by a header of 2^60 bytes": {
    saved: [2, 4],
    log: whole,
    damage: (run) => writeFileSync(last(run), new BigUint64Array([2n ** 60n, 0n])),
    expected: { phase: "stopped", step: 2, checkpoint: "last-1.safetensors" },
  },
  "loses all its checkpoints": {
    saved: [2, 4],
    log: whole,
    damage: (run) => [0, 1].forEach((before) => writeFileSync(last(run, before), "")),
    expected: { phase: "stopped", step: 0, checkpoint: null },
  },
  "loses its log in a power cut": {
    saved: [2, 4],
    log: [],
    damage: (run) => rmSync(metrics(run)),
    expected: { phase: "stopped", step: 4 },
  },
  "has a damaged line in its log": {
    saved: [2, 4],
    log: whole,
    damage: (run) => {
      const text = readFileSync(metrics(run), "utf8");
      writeFileSync(metrics(run), text.replace('{"step":1,', '{"step":1;'));
    },
    expected: { phase: "finished", step: 4, damagedLines: [1] },
  },
  "is made longer and has not gone on yet": {
    saved: [2, 4],
    log: whole,
    options: { epochs: 3 },
    expected: { phase: "stopped", step: 4, steps: 6 },
  },
};

/** Makes the folder of a run in a situation. */
function makeRun(path: string, { saved, log, options = {}, unlabelled = false, damage }: Situation): RunFolder {
  const run = RunFolder.create(path, resolveConfig({ flags: { ...flags, ...options } }), {});
  for (const number of saved) saveState(run, stateAt(number, IMAGES, unlabelled ? {} : untrained));
  for (const record of log) run.metrics.append(record);
  damage?.(run);
  return RunFolder.open(path);
}

for (const [what, situation] of Object.entries(situations)) {
  const { expected } = situation;
  Deno.test(
    `a run that ${what} is ${expected.phase} after ${expected.step} saved steps, to status, report and --resume`,
    withFolder((folder) => {
      const run = makeRun(join(folder, "run"), situation);
      const status = readStatus(run);
      const { phase, step, steps, saved, failure, checkpoint, damagedLines } = status;
      assertEquals([phase, step, saved], [expected.phase, expected.step, expected.step]);
      assertStrictEquals(steps, expected.steps === undefined ? 4 : expected.steps);
      assertMatch(failure ?? "none", expected.failure ?? /^none$/);
      assertEquals(damagedLines, expected.damagedLines ?? []);
      const name = expected.checkpoint === undefined ? "last.safetensors" : expected.checkpoint;
      assertStrictEquals(checkpoint, name === null ? null : join(run.checkpoints.folder, name));
      JSON.stringify(status);

      const { steps: sampled, evaluations } = run.metrics.sample(50);
      const records = { last: sampled.at(-1) ?? null, evaluation: evaluations.at(-1) ?? null };
      assertStrictEquals(phaseOf(run, records), expected.phase);

      if (checkpoint === null) return;
      const found = run.latestCheckpoint(() => {});
      assertStrictEquals(found.state.step, expected.step);
      const dataset = situation.unlabelled ? unlabelled : labelled;
      assertEquals(isFinished(run, run.config, found, dataset), expected.phase === "finished");
    }),
  );
}

const spec = `base:
  dataset: shapes
  train-images: ${IMAGES}
  test-images: 4
  batch: 4
  epochs: 2
  mode: vanilla
seeds: [0]
evaluate:
  protocol: [knn]
`;

/** A sweep of one run in a situation, evaluated after a number of steps; null: without saying after how many. */
function makeSweep(folder: string, situation: Situation, evaluated: number | null): SweepFolder {
  const parsed = SweepSpec.parse("spec.yaml", spec);
  const plan = { runs: planSweep(parsed), judging: parsed.contents.evaluate, retries: 0 };
  const sweep = SweepFolder.prepare(join(folder, "sweep"), parsed, plan);
  const run = makeRun(sweep.runPath(plan.runs[0]?.name ?? ""), situation);
  const networks = { dense: { knn1: 40, knn20: 50, cost: { macs: 100, share: 1 }, parts: [] } };
  const after = evaluated === null ? {} : { step: evaluated };
  run.writeEvaluation({ run: run.path, ...after, networks, references: { rawPixels: {}, untrained: {} } });
  return sweep;
}

const inSweeps: readonly (readonly [string, number | null, string])[] = [
  ["comes to its end", 4, "done"],
  ["comes to its end", null, "done"],
  ["comes to its end", 2, "stopped"],
  ["has a damaged line in its log", 4, "done"],
  ["has a full disk when it saves for the last time", 2, "stopped"],
  ["has its last checkpoint cut short", 4, "stopped"],
  ["loses all its checkpoints", 4, "stopped"],
  ["diverges later", 2, "stopped"],
];

for (const [what, evaluated, phase] of inSweeps) {
  Deno.test(
    `a sweep takes a run that ${what} and was evaluated after ${evaluated ?? "unknown"} steps for ${phase}`,
    withFolder((folder) => {
      const situation = situations[what];
      assert(situation);
      const sweep = makeSweep(folder, situation, evaluated);
      const states = sweep.plan.runs.map((run) => readRunState(sweep, run));
      assertEquals<unknown>(states.map((state) => [state.phase, state.step, state.steps]), [[
        phase,
        situation.expected.step,
        4,
      ]]);
      const { done, rows } = readResults(sweep);
      assertEquals([done, rows.length], phase === "done" ? [1, 1] : [0, 0]);
    }),
  );
}
