/**
 * Tests images that stay on the host against images that are kept on the device.
 *
 * @module
 */
import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import {
  DeviceImages,
  drawBatch,
  HostEvaluationImages,
  MemoryPixels,
  shapes,
  StreamedImages,
  type TrainingImages,
} from "../../../src/data/mod.ts";
import { MisuseError } from "../../../src/errors.ts";
import { augment } from "../../../src/ops/mod.ts";
import { Scope } from "../../../src/tensor/mod.ts";
import { openDevice } from "../../devices.ts";

const device = openDevice();
// Enough images that a batch does not count as a small upload.
const dataset = shapes.open({ seed: 3, trainImages: 300, testImages: 1 });
const BATCH = 100;
const { pretraining: set } = dataset;

/** Batches of images in shuffled order, the last one smaller. */
const batches = [0, 1, 2, 3, 4, 5].map((k) => {
  const indices = Int32Array.from({ length: k === 5 ? 7 : BATCH }, (_, row) => (row * 7 + k * 41) % 300);
  return drawBatch(indices, { dataset, seed: 1, epoch: k });
});

/** Both views of every batch as the network's input, with `ahead` batches begun before one is taken. */
function seen(images: TrainingImages, ahead: number): Float32Array[] {
  let begun = 0;
  return batches.flatMap((_, k) => {
    using _scope = new Scope();
    const upTo = (count: number) => {
      for (const batch of batches.slice(begun, count)) images.begin(batch);
      begun = Math.max(begun, Math.min(count, batches.length));
    };
    upTo(k + 1);
    const { views } = images.take();
    upTo(k + 1 + ahead);
    return views.map(({ images, rows, parameters }) => {
      return augment(images, rows, parameters, { ...dataset, size: [set.height, set.width] }).toFloat32();
    });
  });
}

Deno.test("streamed batches equal those kept on the device, for any number begun ahead", () => {
  using whole = new DeviceImages(device, set, dataset);
  const expected = seen(whole, 0);
  for (const ahead of [1, 2, 4]) {
    using streamed = new StreamedImages(device, set, new MemoryPixels(set), { batch: BATCH, ahead });
    for (const begun of [0, ahead]) assertEquals(seen(streamed, begun), expected);
  }
});

Deno.test("the number of begun batches is limited, and a batch that was not begun cannot be taken", () => {
  using streamed = new StreamedImages(device, set, new MemoryPixels(set), { batch: 8, ahead: 1 });
  const batch = drawBatch(Int32Array.from([1, 2, 3]), { dataset, seed: 1, epoch: 0 });
  assertThrows(() => streamed.take(), MisuseError);
  assertThrows(
    () => streamed.begin(drawBatch(new Int32Array(9), { dataset, seed: 1, epoch: 0 })),
    Error,
    "9 images is larger than the limit of 8",
  );
  streamed.begin(batch);
  streamed.begin(batch);
  assertThrows(() => streamed.begin(batch), Error, "2 batches are under way");
});

Deno.test("streamed images are normalised like those on the device, and leave no memory in use", () => {
  using whole = new DeviceImages(device, set, dataset);
  const before = device.memory().inUse;
  {
    using streamed = new StreamedImages(device, set, new MemoryPixels(set), { batch: BATCH, ahead: 2 });
    for (const batch of batches.slice(0, 2)) streamed.begin(batch);
    using host = new HostEvaluationImages(device, set, dataset, new MemoryPixels(set));
    // In order, as evaluation reads them, then out of order.
    for (const [from, to] of [[0, 120], [120, 240], [240, 300], [30, 70]] as const) {
      using actual = host.normalised(from, to);
      using wanted = whole.normalised(from, to);
      assertEquals(actual.toFloat32(), wanted.toFloat32());
      using small = host.normalised(from, to, [16, 8]);
      assertEquals(small.shape, [to - from, 16, 8, 3]);
    }
    for (const images of [host, whole]) {
      using _scope = new Scope();
      const runs = [[250, 255], [3, 4], [299, 300]] as const;
      const pieces = runs.flatMap(([from, to]) => [...whole.normalised(from, to).toFloat32()]);
      assertEquals([...images.gathered(runs).toFloat32()], pieces);
    }
  }
  assertStrictEquals(device.memory().inUse, before);
});
