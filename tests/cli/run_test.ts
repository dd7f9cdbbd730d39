/**
 * Tests of whole runs at the command line: train, evaluate, repeat, stop.
 *
 * @module
 */

import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertGreater,
  assertGreaterOrEqual,
  assertMatch,
  assertStrictEquals,
} from "@std/assert";
import { join } from "@std/path";
import type { RunSpeed } from "../../src/run/speed_file.ts";
import { deviceHasBf16 } from "../devices.ts";
import { withFolder } from "../folders.ts";
import { assertSucceeds, startSluice } from "./run_sluice.ts";

/** The smallest run: width 4, 64 drawn images, 2 epochs of 8 steps. A busy machine slows one thread least. */
const images = ["--train-images", "64", "--test-images", "32"];
const tiny = ["--width", "4", "--projector", "16", "--batch", "8", "--threads", "1", ...images];
const steps = 16;

interface NetworkRecord {
  readonly knn20: number;
  readonly cost: { readonly macs: number; readonly share: number };
}

type Line = Readonly<Record<string, unknown>>;

function pretrainTiny(out: string, more: readonly string[] = []): Promise<string> {
  return assertSucceeds(["pretrain", ...tiny, "--epochs", "2", "--out", out, ...more]);
}

/** The requested and the resolved precision in a run's `config.yaml`. */
function precisionOf(run: string): (string | undefined)[] {
  const text = Deno.readTextFileSync(join(run, "config.yaml"));
  return [/^precision: (.*)$/m, /^versions:[\s\S]*^ {2}precision: (.*)$/m].map((pattern) => pattern.exec(text)?.[1]);
}

function metricsOf(run: string): Line[] {
  const text = Deno.readTextFileSync(join(run, "metrics.jsonl"));
  return text.trimEnd().split("\n").map((line) => JSON.parse(line) as Line);
}

function assertPercent(value: unknown, name: string): void {
  assert(typeof value === "number" && value >= 0 && value <= 100, `${name}: ${String(value)}`);
}

Deno.test(
  "pretrain writes a run and prints one JSON document about it",
  withFolder(async (folder) => {
    const run = join(folder, "run");
    const result = JSON.parse(await pretrainTiny(run, ["--json", "--checkpoint-every", "1"])) as Line;
    assertEquals(Object.keys(result), ["run", "steps", "seconds", "networks", "budgetMissed"]);
    assertStrictEquals(result["run"], run);
    assertStrictEquals(result["steps"], steps);
    const networks = result["networks"] as Record<string, NetworkRecord>;
    assertEquals(Object.keys(networks).sort(), ["dense", "gated"]);
    for (const [name, { knn20, cost }] of Object.entries(networks)) {
      assertPercent(knn20, name);
      assert(cost.macs > 0 && cost.share > 0 && cost.share < 1.1, JSON.stringify(cost));
    }
    assertEquals(networks["dense"]?.cost.share, 1);
    const checkpoints = [...Deno.readDirSync(join(run, "checkpoints"))].map((entry) => entry.name).sort();
    const names = ["epoch-0001", "epoch-0002", "last", "last-1"].map((name) => `${name}.safetensors`);
    assertEquals(checkpoints, names.sort());
    assertMatch(Deno.readTextFileSync(join(run, "config.yaml")), /^width: 4$[\s\S]*^versions:$/m);
  }),
);

Deno.test(
  "metrics have a line for each step and for each evaluation",
  withFolder(async (folder) => {
    const run = join(folder, "run");
    await pretrainTiny(run);
    const lines = metricsOf(run);
    const ofSteps = lines.filter((line) => "loss" in line);
    const ofEvaluations = lines.filter((line) => "networks" in line);
    assertEquals(lines.length, ofSteps.length + ofEvaluations.length);
    assertEquals(ofSteps.map((line) => line["step"]), Array.from({ length: steps }, (_, index) => index + 1));
    assertEquals(ofEvaluations.map((line) => line["step"]), [steps / 2, steps]);
    for (const line of ofEvaluations) {
      for (const [name, network] of Object.entries(line["networks"] as Record<string, Line>)) {
        assertEquals(Object.keys(network), [
          "knn20",
          "onlineProbe",
          "cost",
          ...name === "gated" ? ["opening"] : [],
          "health",
        ], name);
        const { featureStd, effectiveRank, covariance, gates } = network["health"] as Record<string, unknown>;
        for (const value of [featureStd, effectiveRank, covariance]) {
          assertGreater(Number(value), 0, `${name}: ${value}`);
        }
        assertEquals((gates as unknown[] | undefined)?.length, name === "gated" ? 8 : undefined);
      }
    }
    const keys = [
      "step",
      "steps",
      "epoch",
      "loss",
      "terms",
      "share",
      "noiseFreeShare",
      "target",
      "multiplier",
      "lr",
      "viewsPerSecond",
      "wait",
      "time",
    ];
    for (const line of ofSteps) {
      assertEquals(Object.keys(line), keys);
      const { objective = NaN, macs = NaN, bound = NaN } = line["terms"] as Record<string, number>;
      const loss = Number(line["loss"]);
      assertAlmostEquals(objective + macs + bound, loss, 1e-6 * Math.abs(loss), JSON.stringify(line));
    }
  }),
);

Deno.test(
  "the same command twice gives the same weights and, except for times, the same metrics",
  withFolder(async (folder) => {
    const [first, second] = [join(folder, "first"), join(folder, "second")];
    const more = ["--threads", "2", "--seed", "5"];
    await pretrainTiny(first, more);
    await pretrainTiny(second, more);
    const weights = (run: string) => Deno.readFileSync(join(run, "checkpoints", "last.safetensors"));
    assertEquals(weights(first), weights(second));
    const timeless = (run: string) => metricsOf(run).map((line) => ({ ...line, time: 0, wait: 0, viewsPerSecond: 0 }));
    assertEquals(timeless(first), timeless(second));
    assertEquals(Deno.readTextFileSync(join(first, "config.yaml")), Deno.readTextFileSync(join(second, "config.yaml")));
  }),
);

Deno.test(
  "evaluate prints k-NN, probe and cost of every network and of the references, and stores them in the run",
  withFolder(async (folder) => {
    const run = join(folder, "run");
    await pretrainTiny(run);
    const text = await assertSucceeds(["evaluate", run, "--json"]);
    const evaluation = JSON.parse(text) as { networks: Record<string, Line>; references: Record<string, Line> };
    assertEquals(Object.keys(evaluation).sort(), [
      "budgetMissed",
      "networks",
      "precision",
      "references",
      "run",
      "step",
    ]);
    const untrained = evaluation.references["untrained"] as Record<string, Line>;
    for (const networks of [evaluation.networks, untrained]) {
      assertEquals(Object.keys(networks), ["dense", "gated"]);
      for (const [name, network] of Object.entries(networks)) {
        const more = name === "gated" ? ["opening", "channels"] : [];
        assertEquals(Object.keys(network), ["knn1", "knn20", "linear", "cost", "parts", ...more], name);
        const { top1, top5, ...spread } = network["linear"] as { top1: number; top5: number };
        assertEquals(spread, { std: null, seeds: 1 });
        for (const value of [network["knn1"], network["knn20"], top1, top5]) assertPercent(value, name);
        assertGreaterOrEqual(top5, top1);
      }
    }
    assertPercent(evaluation.references["rawPixels"]?.["knn20"], "raw pixels");
    assertEquals(JSON.parse(Deno.readTextFileSync(join(run, "evaluation.json"))), evaluation);
    const speed = JSON.parse(Deno.readTextFileSync(join(run, "speed.json"))) as RunSpeed;
    assertEquals(speed.networks.map(({ network }) => network), ["dense", "gated"]);
    for (const { imageMilliseconds } of speed.networks) assertGreater(imageMilliseconds, 0);
    const chosen = ["evaluate", run, "--protocol", "knn", "--network", "gated", "--json"];
    const partial = JSON.parse(await assertSucceeds(chosen)) as { networks: Record<string, Line> };
    assertEquals(Object.keys(partial.networks), ["gated"]);
    assertEquals(Object.keys(partial.networks["gated"] ?? {}), [
      "knn1",
      "knn20",
      "cost",
      "parts",
      "opening",
      "channels",
    ]);
    assertEquals(partial.networks["gated"]?.["cost"], evaluation.networks["gated"]?.["cost"]);
  }),
);

Deno.test(
  "evaluate repeats its numbers, also with several probes, exchanged masks and augmentation",
  withFolder(async (folder) => {
    const run = join(folder, "run");
    await pretrainTiny(run);
    const args = [
      "evaluate",
      run,
      "--protocol",
      "linear,masks",
      "--probe-seeds",
      "2",
      "--probe",
      "augmented",
      "--json",
    ];
    const text = await assertSucceeds([...args, "--network", "gated"]);
    assertStrictEquals(await assertSucceeds([...args, "--network", "gated"]), text);
    const { networks, references } = JSON.parse(text) as { networks: Record<string, Line>; references: Line };
    const { linear, masks } = networks["gated"] as { linear: Line; masks: Record<string, Line> };
    assertEquals(Object.keys(linear), ["top1", "top5", "std", "seeds"]);
    assertEquals(Object.keys(linear["std"] as Line), ["top1", "top5"]);
    for (const row of ["own", "exchanged", "static"]) assertEquals(Object.keys(masks[row] ?? {})[0], "linear");
    assertEquals(Object.keys(masks["static"] ?? {}), ["linear", "cost"]);
    const statics = masks["statics"] as unknown as Record<string, { asIs: Line; recalibrated: Line }>;
    assertEquals(masks["static"], statics[String(masks["staticWay"])]?.asIs);
    assertEquals(Object.keys(statics["scorePerMac"]?.recalibrated ?? {}), ["linear", "cost"]);
    assert(!JSON.stringify(references).includes("exchanged"), "references have no exchanged masks");
    const table = await assertSucceeds(["evaluate", run, "--protocol", "linear,masks", "--probe-seeds", "2"]);
    const judged = /^.* - .*\d ± \d+\.\d\d % .*\d ± \d+\.\d\d % .* M +\d\.\d{4}/;
    const names = table.split("\n").filter((line) => judged.test(line)).map((line) => line.replace(/ {2,}-.*/, ""));
    assertEquals(names, [
      "dense",
      "gated",
      "  recalibrated",
      "masks exchanged",
      "all open, recalibrated",
      "static: open most",
      "  recalibrated",
      "static: open most per MAC",
      "  recalibrated",
      "static: open most by gate",
      "  recalibrated",
      "static: score per MAC",
      "  recalibrated",
      "oracle, recalibrated",
      "untrained dense",
      "untrained gated",
    ]);
    assertMatch(table, /^rho \d\.\d{4}: /m);
    assertMatch(table, /^block +channels +always open +always closed +image-dependent +open$/m);
    assertMatch(table, /^layer4\.1 +32 /m);
  }),
);

Deno.test(
  "a vanilla run has only a dense network, a gated run only a gated one",
  withFolder(async (folder) => {
    for (const [mode, network] of [["vanilla", "dense"], ["gated", "gated"]] as const) {
      const result = JSON.parse(await pretrainTiny(join(folder, mode), ["--mode", mode, "--json"])) as Line;
      assertEquals(Object.keys(result["networks"] as object), [network]);
    }
  }),
);

Deno.test(
  "a configuration file gives the same run as the flags",
  withFolder(async (folder) => {
    const first = join(folder, "first");
    await pretrainTiny(first);
    const second = join(folder, "second");
    await assertSucceeds(["pretrain", "--config", join(first, "config.yaml"), "--out", second, "--quiet"]);
    const weights = (run: string) => Deno.readFileSync(join(run, "checkpoints", "last.safetensors"));
    assertEquals(weights(first), weights(second));
  }),
);

Deno.test(
  "a run records the requested and the resolved precision",
  withFolder(async (folder) => {
    const run = join(folder, "run");
    const small = ["--width", "8", "--projector", "16", "--batch", "8", "--threads", "1", ...images];
    const args = ["pretrain", ...small, "--device", "cpu", "--epochs", "1", "--eval-every", "0", "--out", run];
    await assertSucceeds(args, { ONEDNN_MAX_CPU_ISA: "AVX2" });
    assertEquals(precisionOf(run), ["auto", "f32"]);
  }),
);

Deno.test({
  name: "a run in bf16 is trained and evaluated",
  ignore: !deviceHasBf16(),
  fn: withFolder(async (folder) => {
    const run = join(folder, "run");
    await pretrainTiny(run, ["--precision", "bf16"]);
    assertEquals(precisionOf(run), ["bf16", "bf16"]);
    const text = await assertSucceeds(["evaluate", run, "--protocol", "knn", "--precision", "bf16", "--json"]);
    const { networks } = JSON.parse(text) as { networks: Record<string, Line> };
    assertEquals(Object.keys(networks), ["dense", "gated"]);
    // Evaluation in the run's precision repeats the last numbers of training.
    const last = metricsOf(run).at(-1)?.["networks"] as Record<string, NetworkRecord>;
    for (const [name, { knn20, cost }] of Object.entries(last)) {
      assertEquals([networks[name]?.["knn20"], networks[name]?.["cost"]], [knn20, cost], name);
    }
  }),
});

function sizeOf(path: string): number {
  try {
    return Deno.statSync(path).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}

/** Starts a long run, and signals it after its first step. @returns its exit status. */
async function stopWith(signal: Deno.Signal, run: string): Promise<number> {
  const child = startSluice(["pretrain", ...tiny, "--epochs", "4096", "--eval-every", "0", "--out", run]);
  let ended = false;
  const finished = child.output().finally(() => ended = true);
  while (!ended && sizeOf(join(run, "metrics.jsonl")) === 0) await new Promise((resolve) => setTimeout(resolve, 50));
  if (!ended) child.kill(signal);
  const { code, stdout, stderr } = await finished;
  assertMatch(new TextDecoder().decode(stderr), new RegExp(`${signal}: saving, then stopping`));
  assertEquals(stdout.length, 0, "a stopped run prints no result");
  return code;
}

Deno.test(
  "a signal stops a run after saving, with an exit status that identifies the signal",
  withFolder(async (folder) => {
    const statuses = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143, SIGUSR1: 75, SIGUSR2: 75 } as const;
    for (const signal of ["SIGHUP", "SIGINT", "SIGTERM", "SIGUSR1", "SIGUSR2"] as const) {
      const run = join(folder, signal);
      assertStrictEquals(await stopWith(signal, run), statuses[signal], signal);
      assertGreater(Deno.statSync(join(run, "checkpoints", "last.safetensors")).size, 0);
      assertGreater(metricsOf(run).length, 0);
    }
  }),
);
