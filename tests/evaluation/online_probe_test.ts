/**
 * The online probe: what it learns from batches, and that the networks learn nothing of it.
 *
 * @module
 */
import { assert, assertEquals, assertGreaterOrEqual } from "@std/assert";
import { join } from "@std/path";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { datasetSource } from "../../src/data/mod.ts";
import { OnlineProbe } from "../../src/evaluation/mod.ts";
import { readSafetensors } from "../../src/formats/mod.ts";
import { RandomStream } from "../../src/random/mod.ts";
import { Scope, Tensor } from "../../src/tensor/mod.ts";
import { resolveConfig } from "../../src/config/mod.ts";
import { type EvaluationRecord, RunFolder } from "../../src/run/mod.ts";
import { OnlineProbes, pretrain } from "../../src/training/mod.ts";
import { openDevice } from "../devices.ts";

const device = openDevice();
const [size, classes] = [6, 3];

/** Class k has 4 more than noise in feature k; features differ in scale by a factor of 10. */
function batch(number: number) {
  const random = new RandomStream(3, 1, number);
  const labels = Int32Array.from({ length: 64 }, () => random.integer(classes));
  const values = Float32Array.from({ length: labels.length * size }, (_, i) => {
    const feature = i % size;
    return (random.normal() + (labels[Math.floor(i / size)] === feature ? 4 : 0)) * 10 ** (feature - 2) + 5;
  });
  return { features: Tensor.from(device, values, [labels.length, size]), labels };
}

Deno.test("the online probe separates classes batch by batch, whatever the scale of features, and gives them no gradient", () => {
  using probe = new OnlineProbe(device, size, classes);
  for (let step = 0; step < 60; step++) {
    using _scope = new Scope();
    const { features, labels } = batch(step);
    features.requiresGrad = true;
    probe.learn(features, Tensor.from(device, labels, [labels.length]), 0.1);
  }
  using _scope = new Scope();
  const { top1, top5 } = probe.accuracy(batch(1000));
  assertGreaterOrEqual(top1, 97, `${top1} %`);
  assertEquals(top5, 100);
});

/** Trains a tiny run on `labels` of its images, or on those it has. */
async function train(flags: Record<string, unknown>, relabel: (label: number) => number) {
  const parent = mkdtempSync(join(tmpdir(), "sluice-online-"));
  try {
    const config = resolveConfig({
      flags: { width: 4, projector: 16, batch: 8, epochs: 2, evalEvery: 1, precision: "f32", ...flags },
    });
    const opened = datasetSource("shapes").open({ seed: config.seed, trainImages: 64, testImages: 32 });
    const { labels } = opened.pretraining;
    const pretraining = { ...opened.pretraining, labels: labels && Int32Array.from(labels, relabel) };
    const run = RunFolder.create(join(parent, "run"), config, {});
    const observer = { step: () => {}, evaluation: () => {}, skipped: () => {}, stopRequested: () => false };
    await pretrain(device, config, { ...opened, pretraining }, run, observer);
    const records = readFileSync(join(run.path, "metrics.jsonl"), "utf8").trim().split("\n");
    const evaluations = records.map((line) => JSON.parse(line) as EvaluationRecord).filter((of) => "networks" in of);
    return { evaluations, weights: readSafetensors(join(run.path, "checkpoints", "last.safetensors")).tensors };
  } finally {
    rmSync(parent, { recursive: true });
  }
}

const isProbe = (name: string) => name.startsWith("online_probe.");

Deno.test("labels move the probes and nothing else, and every network's is recorded and saved", async () => {
  const own = await train({}, (label) => label);
  const other = await train({}, (label) => (label + 1) % 10);
  for (const [name, tensor] of own.weights) {
    const isSame = (same: typeof tensor | undefined) =>
      JSON.stringify([...tensor.data]) === JSON.stringify(same && [...same.data]);
    const depends = isProbe(name) && name.includes("classifier");
    assertEquals(isSame(other.weights.get(name)), !depends, name);
  }
  assert(own.weights.has("online_probe.gated.classifier.linear.weight"));
  const [first] = own.evaluations;
  for (const network of ["dense", "gated"] as const) {
    const probe = first?.networks[network]?.onlineProbe;
    assert(probe !== undefined && probe.top1 >= 0 && probe.top1 <= probe.top5 && probe.top5 <= 100);
  }
});

Deno.test("a run that is not evaluated has no probes, nor has one on images without labels", async () => {
  const { weights } = await train({ evalEvery: 0, epochs: 1 }, (label) => label);
  assert(![...weights.keys()].some(isProbe));
  const config = resolveConfig({ flags: { width: 4 } });
  const dataset = datasetSource("shapes").open({ seed: 0, trainImages: 8, testImages: 8 });
  assertEquals(OnlineProbes.of(device, config, { ...dataset, labelled: null }), null);
  const pretraining = { ...dataset.pretraining, labels: null };
  assertEquals(OnlineProbes.of(device, config, { ...dataset, pretraining } as typeof dataset), null);
});

// The dense passes of a gated run are those of its steps without gates.
for (const [mode, network, other] of [["vanilla", "dense", "gated"], ["gated", "gated", "dense"]] as const) {
  Deno.test(`a dense pass of a ${mode} run teaches the ${network} network's probe the classes of its images`, () => {
    const config = resolveConfig({ flags: { width: 4, mode, epochs: 1 } });
    // Four images, the classes of which their first feature tells.
    const labels = Int32Array.of(0, 1, 0, 1);
    using probes = new OnlineProbes(device, config, labels, 2);
    const rows = (indices: Int32Array) => {
      const values = new Float32Array(indices.length * 32);
      indices.forEach((image, row) => values[row * 32] = labels[image] === 1 ? 1 : -1);
      return Tensor.from(device, values, [indices.length, 32]);
    };
    for (let step = 0; step < 20; step++) {
      using _scope = new Scope();
      const indices = step % 2 === 0 ? Int32Array.of(3, 0, 2, 1) : Int32Array.of(2, 1, 3, 0);
      probes.listener(indices, 0)("dense", rows(indices));
    }
    using _scope = new Scope();
    const all = Int32Array.of(0, 1, 2, 3);
    assertEquals(probes.get(network)?.accuracy({ features: rows(all), labels }).top1, 100);
    assertEquals(probes.get(other), null);
  });
}
