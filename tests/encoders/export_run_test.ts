/**
 * Tests of exports: each network of every kind of run, in a file of its own with all that a loader needs.
 *
 * @module
 */
import {
  assert,
  assertEquals,
  assertIsError,
  assertLess,
  assertLessOrEqual,
  assertMatch,
  assertNotEquals,
  assertStrictEquals,
  assertThrows,
  fail,
} from "@std/assert";
import { join } from "@std/path";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { datasetSource } from "../../src/data/mod.ts";
import type { Device } from "../../src/device/mod.ts";
import { InvalidInputError, StorageError } from "../../src/errors.ts";
import { readSafetensors, writeFileAtomically, writeSafetensors } from "../../src/formats/mod.ts";
import { DualNetwork, gateSpecs, networkCost, type Pass, wholeSpec } from "../../src/models/mod.ts";
import { RandomStream } from "../../src/random/mod.ts";
import { Scope, Tensor } from "../../src/tensor/mod.ts";
import { resolveConfig } from "../../src/config/mod.ts";
import {
  exportRun,
  goldenDifference,
  loadEncoder,
  parseGolden,
  refuseDifference,
  verifyExport,
} from "../../src/encoders/mod.ts";
import { loadCheckpoint, RunFolder } from "../../src/run/mod.ts";
import { pretrain } from "../../src/training/mod.ts";
import { givenNetworks, networkOptions, trainedNetworks } from "../../src/config/network.ts";
import { openDevice } from "../devices.ts";

const images = { trainImages: 32, testImages: 16 };
const tiny = { dataset: "shapes", ...images, width: 4, projector: 16, batch: 8, epochs: 1, evalEvery: 0 };
const side = 32;
const version = "1.2.3";

/** Names and shapes of torchvision's networks. */
const states = JSON.parse(
  readFileSync(new URL("../fixtures/torchvision_states.json", import.meta.url), "utf8"),
) as Record<string, Record<string, number[]>>;

/** Trains a tiny run, whose norms have different statistics, and calls the test with it. */
async function withRun(
  flags: Record<string, unknown>,
  test: (device: Device, run: RunFolder, folder: string) => void,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-export-"));
  try {
    const config = resolveConfig({ flags: { ...tiny, ...flags } });
    const dataset = datasetSource("shapes").open({ seed: config.seed, ...images });
    using device = openDevice();
    const run = RunFolder.create(join(folder, "run"), config, {});
    const observer = { step: () => {}, evaluation: () => {}, skipped: () => {}, stopRequested: () => false };
    await pretrain(device, config, dataset, run, observer);
    test(device, run, folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function checkpointOf(run: RunFolder) {
  return run.latestCheckpoint((line) => fail(line));
}

/** Features of three images of normal noise. */
function features(device: Device, encode: (x: Tensor) => Tensor): Float32Array {
  using _scope = new Scope();
  const random = new RandomStream(3, 60, 0);
  const values = Float32Array.from({ length: 3 * side * side * 3 }, () => random.normal());
  return encode(Tensor.from(device, values, [3, side, side, 3])).toFloat32();
}

const variants: readonly Record<string, unknown>[] = [
  { mode: "dual" },
  { mode: "dual", separateNorm: false, stem: "cifar-paper" },
  { mode: "dual", separateEncoders: true, gateBias: 0.5 },
  { mode: "dual", rotation: true, objective: "mocov2plus", gateReduction: 2 },
  { mode: "vanilla", arch: "resnet34", stem: "imagenet" },
  { mode: "gated" },
  { mode: "dual", arch: "resnet50", stem: "imagenet" },
  { mode: "dual", gateGroup: 4, gateBias: 0.5 },
  { mode: "gated", arch: "resnet50", stem: "imagenet", gateGroup: 2 },
];

for (const flags of variants) {
  Deno.test(`the networks of a run with ${JSON.stringify(flags)} are whole in their files`, async () => {
    await withRun(flags, (device, run, folder) => {
      const checkpoint = checkpointOf(run);
      using network = new DualNetwork(device, networkOptions(run.config, side));
      loadCheckpoint(checkpoint, network);
      for (const pass of trainedNetworks(run.config.mode)) {
        const file = join(folder, `${pass}.safetensors`);
        const report = exportRun(device, run, checkpoint, { network: pass, file, version });
        assertLess(report.check.largestDifference, 1e-5 * report.check.largestFeature);
        assertEquals(report.bytes, readFileSync(file).length);
        using loaded = loadEncoder(device, file);
        assertStrictEquals(loaded.description.network, pass);
        const found = features(device, (x) => loaded.encoder.evaluate(pass, x).features);
        const expected = features(device, (x) => network.encoderOf(pass).evaluate(pass, x).features);
        refuseDifference(file, goldenDifference(expected, found), 1e-5, "");
        assertEquals(verifyExport(device, file).network, pass);
        checkNames(run, pass, file);
        checkGroup(run, pass, file);
      }
      if (givenNetworks(run.config.mode).includes("slim")) checkSlim(device, run, folder);
    });
  });
}

/** A slim file has a dense file's names and fewer channels, and says how many it has. */
function checkSlim(device: Device, run: RunFolder, folder: string): void {
  const { config } = run;
  const file = join(folder, "slim.safetensors");
  const dataset = datasetSource("shapes").open({ seed: config.seed, ...images });
  const slim = { dataset, size: { cost: 0.6, channelMultiple: 2 }, skipped: () => fail() };
  exportRun(device, run, checkpointOf(run), { network: "slim", slim, file, version });
  using loaded = loadEncoder(device, file);
  const { description: { network, spec }, encoder } = loaded;
  assertStrictEquals(network, "slim");
  assertEquals(encoder.spec.kept, spec.kept);
  assertLessOrEqual(networkCost(spec).macs, 0.6 * networkCost(wholeSpec(spec)).macs);
  const { metadata, tensors } = readSafetensors(file);
  assertEquals(Object.values(JSON.parse(metadata["widths"] ?? "") as Record<string, number[]>).flat(), spec.kept);
  assertEquals(tensors.get("layer2.0.conv1.weight")?.shape[0], spec.kept?.[config.arch === "resnet50" ? 6 : 2]);
  assert([...tensors.keys()].every((name) => !name.includes("gate")));
}

/** A dense file has torchvision's names without the classifier's. A gated file also has the names of its gates. */
function checkNames({ config }: RunFolder, pass: Pass, file: string): void {
  const { tensors } = readSafetensors(file);
  const torchvision = Object.keys(states[config.arch] ?? {}).filter((name) => !name.startsWith("fc."));
  const gates = gateSpecs(config).flatMap(({ label, name }) => {
    const gate = label.endsWith(`.${name}`) ? label : `${label}.${name}`;
    const norm = ["weight", "bias", "running_mean", "running_var"].map((of) => `${gate}.bn.${of}`);
    const bias = config.gateBias === null ? [] : [`${gate}.fc2.bias`];
    return [`${gate}.fc1.weight`, `${gate}.fc2.weight`, ...norm, ...bias];
  });
  const expected = pass === "dense" ? torchvision : [...torchvision, ...gates];
  assertEquals([...tensors.keys()].sort(), expected.sort());
  const kernel = config.stem === "imagenet" ? 7 : 3;
  assertEquals(tensors.get("conv1.weight")?.shape, [4, 3, kernel, kernel], "OIHW");
}

/** If a group has several channels, a gated file names it. The gates' last layer has a row for each group. */
function checkGroup({ config }: RunFolder, pass: Pass, file: string): void {
  const { tensors, metadata } = readSafetensors(file);
  const { gateGroup } = config;
  assertEquals(metadata["gate_group"], pass === "gated" && gateGroup > 1 ? String(gateGroup) : undefined);
  const last = tensors.get(`layer4.1.${config.arch === "resnet50" ? "gate2" : "gate"}.fc2.weight`)?.shape;
  assertEquals(last?.[0], pass === "gated" ? 32 / gateGroup : undefined);
}

Deno.test("a file describes its images, is the same each time, and has the norms of its own pass", async () => {
  await withRun({ mode: "dual" }, (device, run, folder) => {
    const [dense, gated, again] = ["dense", "gated", "again"].map((name) => join(folder, `${name}.safetensors`));
    assert(dense && gated && again);
    const checkpoint = checkpointOf(run);
    exportRun(device, run, checkpoint, { network: "dense", file: dense, version });
    exportRun(device, run, checkpoint, { network: "gated", file: gated, version });
    exportRun(device, run, checkpoint, { network: "gated", file: again, version });
    assertEquals(readFileSync(gated), readFileSync(again));
    const { metadata, tensors } = readSafetensors(gated);
    const { sha256, golden_image: _, golden_features: __, ...others } = metadata;
    using loaded = loadEncoder(device, gated);
    assertEquals(parseGolden(gated, metadata, loaded.description).features.length, 32);
    assertMatch(sha256 ?? "", /^[0-9a-f]{64}$/);
    assertEquals(others, {
      format: "sluice-encoder-1",
      arch: "resnet18",
      width: "4",
      stem: "cifar",
      network: "gated",
      image_size: "32",
      gate_reduction: "4",
      feature_size: "32",
      mean: "[0.5,0.5,0.5]",
      std: "[0.295,0.317,0.287]",
      transform: '{"as_is":32,"resize":37,"interpolation":"bicubic","antialias":true,"center_crop":32}',
      step: "4",
      sluice: "1.2.3",
    });
    const whole = checkpoint.tensors;
    const other = readSafetensors(dense);
    assert(!("gate_reduction" in other.metadata));
    const name = "layer2.1.bn2.running_var";
    assertEquals(tensors.get(name), whole.get("layer2.1.gated_bn2.running_var"));
    assertEquals(other.tensors.get(name), whole.get(name));
    assertNotEquals(tensors.get(name), other.tensors.get(name));
    assertEquals(tensors.get("layer2.1.conv2.weight"), other.tensors.get("layer2.1.conv2.weight"));
  });
});

Deno.test("a network that the run does not have is refused, and so is a file without a valid encoder", async () => {
  await withRun({ mode: "vanilla" }, (device, run, folder) => {
    const checkpoint = checkpointOf(run);
    const file = join(folder, "x.safetensors");
    assertEquals(
      assertThrows(() => exportRun(device, run, checkpoint, { network: "gated", file, version }), InvalidInputError)
        .message,
      "--network gated: a vanilla run holds no such network; give dense",
    );
    assertEquals(readdirSync(folder), ["run"]);
    exportRun(device, run, checkpoint, { network: "dense", file, version });
    const { tensors, metadata: { sha256: _, ...metadata } } = readSafetensors(file);
    const refused = (message: RegExp, changed: Record<string, string>, without = "") => {
      const path = join(folder, "changed.safetensors");
      writeSafetensors(path, new Map([...tensors].filter(([name]) => name !== without)), { ...metadata, ...changed });
      assertIsError(assertThrows(() => loadEncoder(device, path)), InvalidInputError, message);
    };
    refused(/changed\.safetensors: has the format other, not sluice-encoder-1/, { format: "other" });
    refused(/its metadata lack a valid width, mean; export it again$/, { width: "wide", mean: "[1,2]" });
    refused(/its metadata lack a valid gate_group; export it again$/, { gate_group: "3" });
    refused(/its metadata lack a valid widths; export it again$/, { network: "slim" });
    refused(/its metadata lack a valid widths; export it again$/, { network: "slim", widths: '{"layer1.0":[5]}' });
    refused(/bn1\.bias has shape \[4\], not \[8\]/, { width: "8" });
    refused(/layer1\.0\.bn1\.bias is missing/, {}, "layer1.0.bn1.bias");
    assertThrows(() => loadEncoder(device, checkpoint.path), Error, "has the format sluice-checkpoint-1");
  });
});

Deno.test("an export whose features differ is refused, and leaves no file", () => {
  const expected = Float32Array.of(1, -200, 3);
  const compare = (...found: number[]) => goldenDifference(expected, Float32Array.from(found));
  assertEquals(compare(1, -200, 3), { largestDifference: 0, largestFeature: 200 });
  refuseDifference("x", compare(1, -200.001, 3), 1e-5, "it was not kept");
  const refusal = /^x: features computed from it differ from the run's by .* of 200; it was not kept$/;
  for (const found of [[1, -200.01, 3], [1, NaN, 3], [1, -200]]) {
    const refused = () => refuseDifference("x", compare(...found), 1e-5, "it was not kept");
    assertIsError(assertThrows(refused), StorageError, refusal);
  }
  const folder = mkdtempSync(join(tmpdir(), "sluice-export-"));
  try {
    const path = join(folder, "x");
    const check = (temporary: string) => {
      assertEquals(readFileSync(temporary, "utf8"), "text");
      refuseDifference("x", compare(0, 0, 0), 1e-5, "it was not kept");
    };
    assertIsError(
      assertThrows(() => writeFileAtomically(path, new TextEncoder().encode("text"), check)),
      StorageError,
      refusal,
    );
    assertEquals(readdirSync(folder), []);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
