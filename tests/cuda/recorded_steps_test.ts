/**
 * Tests that steps recorded as a CUDA graph give the bits of plain steps, whatever changes from step to step.
 *
 * @module
 */
import { assertEquals, assertLessOrEqual, assertStrictEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { readFileSync } from "node:fs";

import { openDataset, resolveConfig } from "../../src/config/mod.ts";
import { Device, type Kernels } from "../../src/device/mod.ts";
import { NativeError } from "../../src/errors.ts";
import { RunFolder } from "../../src/run/mod.ts";
import { pretrain } from "../../src/training/mod.ts";
import { cudaDeviceFound } from "../devices.ts";

/**
 * Three epochs of two steps: without gates, with gates while target, price, noise and opening change, and at the
 * budget.
 */
const tiny = {
  dataset: "shapes",
  trainImages: 8,
  testImages: 4,
  width: 4,
  stem: "imagenet",
  projector: 16,
  batch: 4,
  epochs: 3,
  warmupEpochs: 1,
  gateWarmup: 1,
  budgetRamp: 1,
  evalEvery: 1,
  precision: "f32",
  device: "cuda",
};

/** Two steps, of which the second is recorded. */
const short = { epochs: 1, warmupEpochs: 0, gateWarmup: 0, budgetRamp: 0, gateOpening: 0, evalEvery: 0 };

/** A run's checkpoint and metrics, and what became of its recordings. */
interface TrainedRun {
  readonly checkpoint: Uint8Array;
  readonly metrics: readonly string[];
  readonly launches: number;
  /** The least number of native calls of a step. */
  readonly calls: number;
  readonly live: number;
  readonly refusals: readonly string[];
}

/** Trains a run. @param failing a native function that fails, from the beginning of a recording on. */
async function train(flags: Readonly<Record<string, unknown>>, failing?: keyof Kernels): Promise<TrainedRun> {
  const parent = Deno.makeTempDirSync();
  try {
    const config = resolveConfig({ flags: { ...tiny, ...flags } });
    using device = Device.open({ device: "cuda" });
    let [launches, calls, least, isRecording] = [0, 0, Infinity, false];
    using _observed = device.observe((name, _parameters, call) => {
      if (name === "sl_graph_begin") isRecording = true;
      if (name === "sl_graph_end") isRecording = name === failing;
      if (isRecording && name === failing) {
        isRecording = false;
        throw new NativeError(name, "broken for a test");
      }
      if (name === "sl_graph_launch") launches++;
      calls++;
      call();
    });
    const refusals: string[] = [];
    const unrecorded = (reason: string) => void refusals.push(reason);
    const step = () => [least, calls] = [Math.min(least, calls), 0];
    const observer = { step, evaluation() {}, skipped() {}, unrecorded, stopRequested: () => false };
    const run = RunFolder.create(join(parent, "run"), config, {});
    await pretrain(device, config, openDataset(config), run, observer);
    const times = /,"viewsPerSecond":[^,]*,"wait":[^,]*,"time":[^,}]*/;
    return {
      checkpoint: Deno.readFileSync(run.checkpoints.last()),
      metrics: readFileSync(join(run.path, "metrics.jsonl"), "utf8").split("\n").map((line) => line.replace(times, "")),
      launches,
      calls: least,
      live: device.memory().live,
      refusals,
    };
  } finally {
    Deno.removeSync(parent, { recursive: true });
  }
}

/** Native calls of a recorded step. A plain step makes more than 2,000. */
const MOST_CALLS = 300;

const ignore = !cudaDeviceFound();

/** What a run has, and its steps that have to be launches: the first step of each kind is computed. */
const kinds: readonly (readonly [name: string, flags: Readonly<Record<string, unknown>>, launches: number])[] = [
  ["the default recipe", {}, 4],
  ["a share of vanilla steps among the others, in bf16", { vanillaShare: 0.3, evalEvery: 0, precision: "bf16" }, 4],
  ["a momentum network with queues, and groups of gates", { objective: "mocov2plus", gateGroup: 2 }, 4],
  [
    "the paper's recipe: bounds move in each epoch",
    { recipe: "paper", gateWarmup: 0, budgetRamp: 0, epochs: 2, evalEvery: 0 },
    2,
  ],
  // The head's layers are wide, whatever the network's width is.
  ["turned views", { ...short, rotation: true, batch: 2, trainImages: 4 }, 1],
];

for (const [name, flags, launches] of kinds) {
  Deno.test({ name: `recorded steps give the bits of plain ones: ${name}`, ignore }, async () => {
    const [plain, recorded] = [await train(flags), await train({ ...flags, cudaGraph: true })];
    assertEquals(recorded.refusals, []);
    assertEquals([plain.launches, recorded.launches], [0, launches]);
    assertLessOrEqual(recorded.calls, MOST_CALLS);
    assertEquals(recorded.metrics, plain.metrics);
    assertEquals(recorded.checkpoint, plain.checkpoint);
    assertStrictEquals(recorded.live, 0);
  });
}

Deno.test(
  { name: "a run whose steps cannot be recorded says so once, and goes on with the same bits", ignore },
  async () => {
    const plain = await train(short);
    for (const failing of ["sl_graph_begin", "sl_conv_forward", "sl_graph_end"] as const) {
      const { launches, refusals, checkpoint, live } = await train({ ...short, cudaGraph: true }, failing);
      assertEquals([launches, refusals.length, live], [0, 1, 0]);
      assertStringIncludes(refusals[0] ?? "", "broken for a test");
      assertEquals(checkpoint, plain.checkpoint);
    }
  },
);
