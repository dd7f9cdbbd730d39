/**
 * Recalibrated norms against statistics in plain float64 loops, and their way back.
 *
 * @module
 */

import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertLess,
  assertLessOrEqual,
  assertNotEquals,
  assertThrows,
} from "@std/assert";
import { ShapeError } from "../../src/errors.ts";
import { ImageStores, paperView, shapes, type ViewRecipe } from "../../src/data/mod.ts";
import {
  alike,
  type NormMasks,
  normViews,
  recalibrateNorms,
  sampleBatches,
  type SeenViews,
  SplitMasks,
  StaticMask,
  TrainingViews,
} from "../../src/evaluation/mod.ts";
import { type GatedResNet, gateSpecs, type NetworkSpec } from "../../src/models/mod.ts";
import { RandomStream } from "../../src/random/mod.ts";
import { Scope, Tensor } from "../../src/tensor/mod.ts";
import { openDevice } from "../devices.ts";
import {
  convolved,
  firstInput,
  normalisedRelu,
  plainNormImages,
  smallest,
  stateOf,
  statisticsOf,
  withImages,
} from "./plain_network.ts";

function assertNear(actual: ArrayLike<number>, expected: ArrayLike<number>, what: string): void {
  assertEquals(actual.length, expected.length);
  for (let at = 0; at < expected.length; at++) {
    const [value, wanted] = [actual[at] ?? NaN, expected[at] ?? NaN];
    assertAlmostEquals(value, wanted, 1e-5 * Math.max(1, Math.abs(wanted)), `${what}, channel ${at}`);
  }
}

/** All tensors of a network. */
function snapshot(encoder: GatedResNet): Map<string, Float32Array> {
  return new Map([...encoder.state()].map(([name, tensor]) => [name, tensor.toFloat32()]));
}

/** The names of the tensors that differ. */
function changed(before: Map<string, Float32Array>, after: Map<string, Float32Array>): string[] {
  return [...before].filter(([name, values]) => values.some((value, at) => !Object.is(value, after.get(name)?.[at])))
    .map(([name]) => name);
}

Deno.test("the new statistics are the mean and the unbiased variance over all images, though they come in batches", () => {
  withImages(301, (encoder, images) => {
    const inputs = convolved(firstInput(encoder, images), stateOf(encoder, "layer1.0.conv1.weight"), 8, 4);
    const { mean, variance } = statisticsOf(inputs, 4);
    assertEquals(sampleBatches(301).length, 2);
    using _norms = recalibrateNorms(encoder, plainNormImages(images), () => []);
    assertNear(stateOf(encoder, "layer1.0.gated_bn1.running_mean"), mean, "mean");
    assertNear(stateOf(encoder, "layer1.0.gated_bn1.running_var"), variance, "variance");
  });
});

Deno.test("the norm behind a mask sees the masked channels closed, image by image", () => {
  const count = 20;
  withImages(count, (encoder, images, device) => {
    const random = new RandomStream(2, 1, 0);
    const bits = gateSpecs(smallest).map(({ channels }) =>
      Float32Array.from({ length: count * channels }, () => random.integer(2))
    );
    const masks = new SplitMasks(count);
    {
      using _scope = new Scope();
      masks.store(0, bits.map((values) => Tensor.from(device, values, [count, values.length / count])));
    }
    const first = convolved(firstInput(encoder, images), stateOf(encoder, "layer1.0.conv1.weight"), 8, 4);
    const activations = normalisedRelu(first, statisticsOf(first, 4), count * 64);
    const masked = activations.map((value, at) => value * (bits[0]?.[Math.floor(at / 256) * 4 + at % 4] ?? 0));
    const { mean, variance } = statisticsOf(convolved(masked, stateOf(encoder, "layer1.0.conv2.weight"), 8, 4), 4);
    // So few images are one batch, in order.
    using _norms = recalibrateNorms(encoder, plainNormImages(images), () => masks.rows(device, 0, count));
    assertNear(stateOf(encoder, "layer1.0.gated_bn2.running_mean"), mean, "mean");
    assertNear(stateOf(encoder, "layer1.0.gated_bn2.running_var"), variance, "variance");
  });
});

const bottleneck: NetworkSpec = { ...smallest, arch: "resnet50" };

for (const spec of [smallest, bottleneck]) {
  for (const separateNorm of [true, false]) {
    const kind = `${spec.arch}, ${separateNorm ? "separate" : "shared"} norms`;
    Deno.test(`only the blocks' gated norms change, and come back bit for bit: ${kind}`, () => {
      withImages(
        40,
        (encoder, images) => {
          using _scope = new Scope();
          const features = () => {
            const x = images.normalised(0, 40);
            return [encoder.evaluate("gated", x), encoder.evaluate("dense", x)].map((of) => of.features.toFloat32());
          };
          const [before, own] = [snapshot(encoder), features()];
          {
            using _norms = recalibrateNorms(encoder, plainNormImages(images), alike(StaticMask.allOpen(spec)));
            const prefix = separateNorm ? "gated_bn" : "bn";
            const pattern = new RegExp(`^layer\\d\\.\\d\\.${prefix}\\d\\.running_(mean|var)$`);
            const expected = [...before.keys()].filter((name) => pattern.test(name));
            assertEquals(expected.length, spec === bottleneck ? 16 * 3 * 2 : 8 * 2 * 2);
            assertEquals(changed(before, snapshot(encoder)).sort(), expected.sort());
            assertNotEquals(features()[0], own[0]);
          }
          assertEquals(changed(before, snapshot(encoder)), []);
          assertEquals(features(), own);
        },
        { spec, separateNorm },
      );
    });
  }
}

Deno.test("a pass that fails midway leaves the network as it was", () => {
  withImages(300, (encoder, images) => {
    const before = snapshot(encoder);
    let batches = 0;
    const masksOf: NormMasks = () => {
      if (++batches === 2) throw new ShapeError("no more masks");
      return [];
    };
    assertThrows(() => recalibrateNorms(encoder, plainNormImages(images), masksOf), ShapeError, "no more masks");
    assertEquals(changed(before, snapshot(encoder)), []);
  });
});

Deno.test("one image, an empty mask and a full one give finite statistics", () => {
  withImages(1, (encoder, images) => {
    for (const bit of [0, 1]) {
      const mask = new StaticMask(gateSpecs(smallest).map(({ channels }) => new Uint8Array(channels).fill(bit)));
      using _norms = recalibrateNorms(encoder, plainNormImages(images), alike(mask));
      for (const [name, buffer] of encoder.buffers()) {
        const values = buffer.toFloat32();
        assert(values.every((value) => Number.isFinite(value)), name);
        if (name.endsWith("running_var")) assert(values.every((value) => value >= 0), name);
      }
      if (bit === 0) assertEquals([...stateOf(encoder, "layer1.0.gated_bn2.running_var")], [0, 0, 0, 0]);
    }
  });
});

/** A recipe that leaves an image as it is, or mirrors it. */
function wholeImage(flipProbability: 0 | 1): ViewRecipe {
  const none = { jitterProbability: 0, grayscaleProbability: 0, blurProbability: 0, solarizeProbability: 0 };
  return { ...paperView, ...none, scale: [1, 1], ratio: [1, 1], flipProbability };
}

for (const onDevice of [true, false]) {
  const place = onDevice ? "device" : "host";
  Deno.test(`norms see the views of the sample that gated passes see, from images on the ${place}`, () => {
    const count = 1001;
    const drawn = shapes.open({ seed: 0, trainImages: count, testImages: 10 });
    using device = openDevice();
    using stores = new ImageStores(device, { ...drawn, views: [wholeImage(0), wholeImage(1)] }, { onDevice });
    const plain = stores.evaluation(drawn.labelled.train);
    const visited = (pair: SeenViews) => {
      const views = normViews(new TrainingViews(stores, drawn.labelled.train), 5, pair);
      const images: Float32Array[] = [];
      views.visit(sample, (batch) => images.push(batch.toFloat32()));
      assertEquals(views.count, count);
      return images;
    };
    const sample = sampleBatches(count);
    const seen = visited([0, 1]);
    assertEquals([sample.length, seen.length], [5, 10]);
    // Neither recipe draws anything, so that both views by one recipe are the same image.
    assertEquals(visited([1, 1]), seen.map((_, at) => seen[at - at % 2 + 1]));
    using _scope = new Scope();
    seen.forEach((images, at) => {
      const batch = Math.floor(at / 2);
      const expected = plain.gathered(sample[batch] ?? []).toFloat32();
      assertEquals(images.length, expected.length);
      const row = 32 * 3;
      // A column's mirror image lies in the same row, with its three colours in order.
      const mirrored = (index: number) => {
        const place = index % row;
        return index - place + (row - 3 - (place - place % 3)) + place % 3;
      };
      images.forEach((value, index) => {
        const source = at % 2 === 0 ? index : mirrored(index);
        assertLess(Math.abs(value - (expected[source] ?? NaN)), 1e-4, `batch ${batch}, value ${index}`);
      });
    });
  });
}

Deno.test("a sample takes a small set whole, and of a large one five images from each of 1,000 parts", () => {
  for (const count of [1, 4, 250, 251, 1003, 5000]) {
    const taken = sampleBatches(count).flat().flatMap(([from, to]) =>
      Array.from({ length: to - from }, (_, at) => from + at)
    );
    assertEquals(taken.sort((a, b) => a - b), Array.from({ length: count }, (_, at) => at), `${count}`);
  }
  const batches = sampleBatches(50_000);
  assertEquals(batches.length, 20);
  const runs = batches.flat();
  assertEquals(runs.map(([from, to]) => to - from), new Array(1000).fill(5));
  assertEquals(runs.map(([from]) => from).sort((a, b) => a - b), Array.from({ length: 1000 }, (_, part) => 50 * part));
  for (const batch of batches) {
    assertEquals(batch.length, 50);
    // Every tenth of the set has a tenth of the batch.
    for (let tenth = 0; tenth < 10; tenth++) {
      assertEquals(batch.filter(([from]) => Math.floor(from / 5000) === tenth).length, 5);
    }
  }
  for (const count of [251, 333, 4999]) {
    const sizes = sampleBatches(count).map((batch) => batch.reduce((all, [from, to]) => all + to - from, 0));
    assertLessOrEqual(Math.max(...sizes), 250);
    assertLess(Math.max(...sizes) - Math.min(...sizes), 10);
  }
});
