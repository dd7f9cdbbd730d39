/**
 * Tests of images that stay with the host, against those that lie on the device.
 *
 * @module
 */
import assert from "node:assert/strict";
import { type ImageStore, shapes } from "../../src/data/mod.ts";
import { ShapeError } from "../../src/errors.ts";
import { DeviceImages, StreamedImages } from "../../src/evaluation/mod.ts";
import { augment, AUGMENT_COLUMNS } from "../../src/ops/mod.ts";
import { identityView } from "../../src/data/mod.ts";
import { Scope, Tensor } from "../../src/tensor/mod.ts";
import { openDevice } from "../devices.ts";

const device = openDevice();
// So many that a batch is more than what small uploads are.
const dataset = shapes.open({ seed: 3, trainImages: 300, testImages: 1 });
const BATCH = 100;

/** A batch as the networks would see it, read back after later work was queued. */
function seen(store: ImageStore, indices: Int32Array<ArrayBuffer>, next: Int32Array<ArrayBuffer> | null): Float32Array {
  using _scope = new Scope();
  const { height, width } = store.set;
  const { images, rows } = store.batch(indices);
  if (next !== null) store.prefetch(next);
  const table = new Float32Array(indices.length * AUGMENT_COLUMNS);
  for (let row = 0; row < indices.length; row++) identityView(height, width, table, row);
  const parameters = Tensor.from(device, table, [indices.length, AUGMENT_COLUMNS]);
  return augment(images, rows, parameters, { ...dataset, size: [height, width] }).toFloat32();
}

/** Different batches of images in no order. */
const batches = [0, 1, 2, 3, 4, 5].map((k) => Int32Array.from({ length: BATCH }, (_, row) => (row * 7 + k * 41) % 300));

Deno.test("streamed batches are those of the device, announced before or not, again or not", () => {
  using expected = new DeviceImages(device, dataset.train, dataset);
  using streamed = new StreamedImages(device, dataset.train, dataset, BATCH);
  batches.forEach((batch, k) => {
    const next = batches[k + 1] ?? null;
    assert.deepEqual(seen(streamed, batch, k % 3 === 2 ? null : next), seen(expected, batch, next));
  });
  const [first = new Int32Array(BATCH), second = new Int32Array(BATCH)] = batches;
  assert.deepEqual(seen(streamed, first, second), seen(expected, first, null));
  // Another batch than the one that was announced.
  assert.deepEqual(seen(streamed, first, null), seen(expected, first, null));
});

Deno.test("streamed images are normalised like those of the device, and leave no memory behind", () => {
  using expected = new DeviceImages(device, dataset.train, dataset);
  const before = device.memory().inUse;
  {
    using streamed = new StreamedImages(device, dataset.train, dataset, BATCH);
    using actual = streamed.normalised(250, 300);
    using wanted = expected.normalised(250, 300);
    assert.deepEqual(actual.toFloat32(), wanted.toFloat32());
    assert.throws(() => streamed.batch(Int32Array.of(1, 2)), ShapeError);
  }
  assert.equal(device.memory().inUse, before);
});
