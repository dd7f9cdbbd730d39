/**
 * Tests of sheets of nearest images, and of evaluation without labels.
 *
 * @module
 */
import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertGreater,
  assertNotEquals,
  assertStrictEquals,
} from "@std/assert";
import { type Dataset, ImageStores, shapes } from "../../src/data/mod.ts";
import type { Device } from "../../src/device/mod.ts";
import {
  encodeSplit,
  Evaluator,
  judgeOf,
  type NearestImages,
  nearestImages,
  networkHealth,
} from "../../src/evaluation/mod.ts";
import { DualNetwork, gateSpecs, type NetworkSpec } from "../../src/models/mod.ts";
import { Scope, Tensor } from "../../src/tensor/mod.ts";
import { openDevice } from "../devices.ts";

const labelled = shapes.open({ seed: 0, trainImages: 40, testImages: 20 });
const unlabelled: Dataset = { ...labelled, name: "images", labelled: null };
const spec: NetworkSpec = { arch: "resnet18", width: 4, stem: "cifar", image: 32 };

function withNetwork(
  dataset: Dataset,
  test: (network: DualNetwork, stores: ImageStores, device: Device) => void,
): void {
  using device = openDevice();
  using network = new DualNetwork(device, { spec, projector: 8, seed: 1, gated: true, separateNorm: true });
  using stores = new ImageStores(device, dataset);
  test(network, stores, device);
}

/** The pixels of an image on a sheet of images of 32 pixels, which are magnified to 64. */
function shown({ picture: { width, pixels } }: NearestImages, row: number, column: number): number[] {
  const [left, top] = [2 + column * 66 + (column > 0 ? 12 : 0), 2 + row * 66];
  return Array.from({ length: 32 * 32 * 3 }, (_, place) => {
    const [x, y] = [Math.floor(place / 3) % 32, Math.floor(place / 96)];
    return pixels[((top + 2 * y) * width + left + 2 * x) * 3 + place % 3] ?? -1;
  });
}

function pixelsOf({ images }: { readonly images: Uint8Array }, image: number): number[] {
  return [...images.subarray(image * 32 * 32 * 3, (image + 1) * 32 * 32 * 3)];
}

/** Runs a test on features of directions: image i points at `angles[i]`. */
function pointed(device: Device, angles: readonly number[]): Tensor {
  const values = Float32Array.from(angles.flatMap((angle) => [3 * Math.cos(angle), 3 * Math.sin(angle)]));
  return Tensor.from(device, values, [angles.length, 2]);
}

Deno.test("a row has an evenly chosen test image and the training images nearest by cosine, nearest first", () => {
  withNetwork(labelled, (_network, stores, device) => {
    using _scope = new Scope();
    const { train, test } = labelled.labelled;
    const bank = pointed(device, Array.from({ length: 40 }, (_, image) => image / 20));
    const queries = pointed(device, Array.from({ length: 20 }, (_, image) => image / 10 + 0.01));
    const sheet = nearestImages(
      labelled,
      { split: "test", images: stores.evaluation(test), features: queries },
      { split: "train", images: stores.evaluation(train), features: bank },
    );
    assert(sheet !== null);
    const { rows } = sheet;
    assertEquals(rows.map(([query]) => query), [0, 2, 5, 7, 10, 12, 15, 17].map((image) => `test/${image}`));
    assertEquals(rows[2], ["test/5", ...[10, 11, 9, 12, 8, 13].map((image) => `train/${image}`)]);
    assertEquals([sheet.picture.width, sheet.picture.height], [7 * 66 + 2 + 12, 8 * 66 + 2]);
    assertEquals(shown(sheet, 2, 0), pixelsOf(test, 5));
    assertEquals(shown(sheet, 2, 2), pixelsOf(train, 11));
  });
});

Deno.test("without a test set no image is its own neighbour, not even beside copies of itself", () => {
  withNetwork(unlabelled, (_network, stores, device) => {
    using _scope = new Scope();
    const { pretraining } = labelled;
    // Images 0, 1 and 2 have equal features.
    const features = pointed(device, Array.from({ length: 40 }, (_, image) => Math.max(0, image - 2) / 20));
    const sheet = nearestImages(unlabelled, { split: "train", images: stores.evaluation(pretraining), features });
    assertEquals(sheet?.rows[0], ["train/0", ...[1, 2, 3, 4, 5, 6].map((image) => `train/${image}`)]);
    for (const [query, ...neighbours] of sheet?.rows ?? []) assert(!neighbours.includes(query ?? ""), query);
  });
});

Deno.test("a few images have a small sheet, and one image has none", () => {
  for (const [count, rows] of [[3, 3], [1, null]] as const) {
    const few = shapes.open({ seed: 0, trainImages: count, testImages: 1 });
    withNetwork({ ...few, labelled: null }, ({ encoder }, stores) => {
      let sheet: NearestImages | null | undefined;
      judgeOf(stores, 0, "f32", [0, 1]).network(encoder, "dense", { protocols: [], nearest: (found) => sheet = found });
      assertEquals(sheet?.rows.map((row) => row.length) ?? null, rows && Array.from({ length: rows }, () => rows));
    });
  }
});

Deno.test("large images are shrunk on the sheet", () => {
  const { pretraining } = labelled;
  const resized = { ...pretraining, kind: "resized", source: pretraining, height: 100, width: 100 } as const;
  withNetwork({ ...unlabelled, pretraining: resized }, (_network, stores, device) => {
    using _scope = new Scope();
    const features = pointed(device, Array.from({ length: 40 }, (_, image) => image / 20));
    const sheet = nearestImages(unlabelled, { split: "train", images: stores.evaluation(resized), features });
    assertEquals([sheet?.picture.width, sheet?.picture.height], [7 * 66 + 2 + 12, 8 * 66 + 2]);
  });
});

Deno.test("without labels a network has cost, parts, channels and rank, as with labels, and no accuracy", () => {
  withNetwork(unlabelled, ({ encoder }, stores, device) => {
    const judge = judgeOf(stores, 3, "f32", [0, 1]);
    const found = judge.network(encoder, "gated", { protocols: [] });
    assertEquals(Object.keys(found), ["cost", "parts", "channels", "effectiveRank"]);
    assertEquals(Object.keys(judge.network(encoder, "dense", { protocols: [] })), ["cost", "parts", "effectiveRank"]);
    assertEquals(judge.rawPixels({ protocols: [] }), {});
    assertEquals(judge.speeds([{ name: "gated", encoder }]).map(({ batch }) => batch), [40]);
    using encoded = encodeSplit(encoder, "gated", stores.evaluation(labelled.pretraining));
    const names = gateSpecs(spec).map(({ label }) => label);
    assertStrictEquals(found.effectiveRank, networkHealth(encoded, names).effectiveRank);
    // The training images are the test images of another data set.
    const swapped = { ...labelled, labelled: { train: labelled.labelled.test, test: labelled.labelled.train } };
    using others = new ImageStores(device, swapped);
    const { cost, channels, knn20 } = new Evaluator(others, 3).network(encoder, "gated", { protocols: ["knn"] });
    assertAlmostEquals(found.cost.macs, cost.macs, 1e-6);
    assertEquals(found.channels, channels);
    assertGreater(knn20 ?? 0, 0);
  });
});

Deno.test("drawing nearest images changes no number, and needs no protocol", () => {
  withNetwork(labelled, ({ encoder }, stores) => {
    const judge = judgeOf(stores, 3, "f32", [0, 1]);
    const sheets: (NearestImages | null)[] = [];
    const nearest = (sheet: NearestImages | null) => void sheets.push(sheet);
    const plain = judge.network(encoder, "gated", { protocols: ["knn"] });
    assertEquals(judge.network(encoder, "gated", { protocols: ["knn"], nearest }), plain);
    assertEquals(Object.keys(judge.network(encoder, "dense", { protocols: [], nearest })), ["cost", "parts"]);
    assertNotEquals(sheets[0]?.rows, sheets[1]?.rows);
    assertEquals(sheets.map((sheet) => sheet?.rows.length), [8, 8]);
  });
});
