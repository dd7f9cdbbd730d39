/**
 * Tests of the default batch and of what a run is said to need.
 *
 * @module
 */
import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertIsError,
  assertLessOrEqual,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { InvalidOptionError } from "../../src/errors.ts";
import { philoxNoise } from "../../src/models/mod.ts";
import { Scope, Tensor } from "../../src/tensor/mod.ts";
import { resolveConfig, type RunConfig } from "../../src/config/config.ts";
import { parseConfigFile } from "../../src/config/config_file.ts";
import { describeBytes, fitConfig, largestBatch } from "../../src/training/fitted_config.ts";
import { drawnImages, type ImageMemory, memoryNeed } from "../../src/training/memory_need.ts";
import { activationType, resolvePrecision } from "../../src/tensor/precision.ts";
import { trainingStep } from "../../src/training/step.ts";
import { createTrainee } from "../../src/training/trainee.ts";
import { openDevice } from "../devices.ts";

/** Photographs of 12 megapixels without labels. */
const photographs: ImageMemory = { count: 300, side: 224, evaluated: 0, stored: 0, read: 2, largest: 12e6 };

const small = { device: "cpu", precision: "f32", workers: 2 } as const;

/** Bytes that the allocator gave out at most for a step, and what the same run is said to need beside the process. */
function measured(flags: Record<string, unknown>, side: number): { peak: number; need: number } {
  using device = openDevice();
  const config: RunConfig = resolveConfig({ flags: { ...small, evalEvery: 0, ...flags } });
  const need = memoryNeed(device, config, drawnImages(side));
  const weights = memoryNeed(device, { ...config, batch: 2 }, drawnImages(side));
  using trainee = createTrainee(device, config, side, null);
  const peakOf = (batch: number) => {
    using _scope = new Scope();
    const type = activationType(resolvePrecision(config.precision, device.description));
    const views = [0, 1].map((value) => Tensor.full(device, [batch, side, side, 3], value, type));
    const noise = (pass: number) => philoxNoise(device, { seed: 0, step: 0 }, pass);
    device.resetPeakMemory();
    const [first, second] = views as [Tensor, Tensor];
    using _report = trainingStep(trainee, config, { views: [first, second], epoch: config.gateWarmup, rate: 0, noise });
    return device.memory().peak;
  };
  // What does not depend on the batch is the process's, and is measured in runs.
  return { peak: peakOf(config.batch) - peakOf(2), need: need - weights };
}

for (
  const [flags, side] of [
    [{ width: 16, batch: 32, projector: 64 }, 32],
    [{ width: 8, batch: 24, projector: 64, arch: "resnet50", mode: "vanilla" }, 32],
    [{ width: 8, batch: 10, projector: 64, stem: "imagenet", symmetric: true }, 96],
    [{ width: 8, batch: 32, projector: 64, mode: "gated", stem: "cifar-paper" }, 32],
    [{ width: 16, batch: 32, projector: 64, objective: "byol" }, 32],
  ] as const
) {
  Deno.test(`the images of a step with ${JSON.stringify(flags)} take the memory that they are said to need`, () => {
    const { peak, need } = measured(flags, side);
    assertAlmostEquals(need / peak, 1, 0.1, `${need} bytes said, ${peak} measured`);
  });
}

Deno.test("the largest batch within a limit is found, a multiple of 8 if it is as large", () => {
  const need = (batch: number) => 1000 + 10 * batch;
  assertEquals(largestBatch(256, 3560, need), 256);
  assertEquals(largestBatch(256, 3559, need), 248);
  assertEquals(largestBatch(10, 1100, need), 10);
  assertEquals(largestBatch(256, 1050, need), 5);
  assertEquals(largestBatch(256, 1020, need), 2);
  assertEquals(largestBatch(256, 1019, need), null);
});

Deno.test("the default batch is 256, or the number of images, or what the memory has room for", () => {
  using device = openDevice();
  const flags = { ...small, dataset: "images" };
  const batchOf = (images: ImageMemory, memory: number) => {
    const { config, need } = fitConfig({ flags }, device, images, memory);
    assertLessOrEqual(need, memory, `${need} of ${memory}`);
    assertEquals(config.lr, 0.3 * config.batch / 256);
    return config.batch;
  };
  assertEquals(batchOf(photographs, 100e9), 256);
  assertEquals(batchOf({ ...photographs, count: 10 }, 100e9), 10);
  const oneTen = batchOf({ ...photographs, count: 10 }, 2e9);
  assert(oneTen >= 4 && oneTen <= 10, `${oneTen} of ten photographs in 2 GB`);
  const [little, more] = [batchOf(photographs, 6e9), batchOf(photographs, 12e9)];
  assert(little >= 8 && little % 8 === 0 && little < more && more < 256, `${little} of 6 GB, ${more} of 12 GB`);
});

Deno.test("a batch that a flag, a file or a preset gives is kept, or refused with one that fits", () => {
  using device = openDevice();
  const flags = { ...small, dataset: "images" };
  const file = parseConfigFile("run.yaml", "batch: 200\n");
  assertEquals(fitConfig({ flags: { ...flags, batch: 200 } }, device, photographs, 100e9).config.batch, 200);
  assertEquals(fitConfig({ flags, file }, device, photographs, 100e9).config.batch, 200);
  assertEquals(fitConfig({ flags, preset: "paper-stl10" }, device, photographs, 100e9).config.batch, 512);
  for (const sources of [{ flags: { ...flags, batch: 200 } }, { flags, file }]) {
    let named = NaN;
    const error = assertThrows(() => fitConfig(sources, device, photographs, 8e9), InvalidOptionError);
    assertEquals(error.option, "batch");
    const stated = /^--batch 200: needs about [\d.]+ GB of memory, and there are 8\.0 GB; give --batch (\d+) or less$/;
    named = Number(stated.exec(error.message)?.[1]);
    assertStrictEquals(fitConfig({ flags: { ...flags, batch: named } }, device, photographs, 8e9).config.batch, named);
  }
});

Deno.test("a network of which no batch can ever fit is refused in a line, without being built", () => {
  using device = openDevice();
  for (const flags of [{ width: 4096 }, { projector: 65_536 }, { imageSize: 4096, stem: "cifar" }]) {
    const images = { ...photographs, side: "imageSize" in flags ? flags.imageSize : 32 };
    assertIsError(
      assertThrows(() => fitConfig({ flags: { ...small, dataset: "images", ...flags } }, device, images, 16e9)),
      InvalidOptionError,
      /^--width \d+: even a batch of 2 needs about \d+ GB of memory, and there are 16 GB; give a smaller [^\n]+$/,
    );
  }
});

Deno.test("sizes of memory are told with two digits", () => {
  assertEquals([1.44e9, 16.3e9, 350e6, 1.5e6].map(describeBytes), ["1.4 GB", "16 GB", "350 MB", "1.5 MB"]);
});
