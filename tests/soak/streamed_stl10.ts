/**
 * Soak test: a file of images that is larger than memory should hold streams through without staying there.
 *
 * @module
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { ImageStores, Loader, stl10 } from "../../src/data/mod.ts";
import { Device } from "../../src/device/mod.ts";
import { Scope } from "../../src/tensor/mod.ts";
import type { SoakTest } from "./soak.ts";

const IMAGE_BYTES = 3 * 96 * 96;
const BATCH = 250;
/** What JavaScript's heap, whose garbage is collected now and then, may add. */
const ALLOWED_GROWTH = 96 * 2 ** 20;

/** A data set whose unlabelled images are a sparse file of so many zeros. */
function writeStl10(folder: string, images: number): void {
  for (const split of ["train", "test"]) {
    writeFileSync(join(folder, `${split}_X.bin`), new Uint8Array(IMAGE_BYTES));
    writeFileSync(join(folder, `${split}_y.bin`), Uint8Array.of(1));
  }
  writeFileSync(join(folder, "unlabeled_X.bin"), "");
  truncateSync(join(folder, "unlabeled_X.bin"), images * IMAGE_BYTES);
}

/**
 * Streams one epoch of so many images through the loader, and demands that neither the process nor the device holds more at its
 * end than after a tenth of it.
 *
 * @returns bytes by which the resident memory has grown.
 */
export function assertFlatStreaming(images: number): number {
  const folder = mkdtempSync(join(tmpdir(), "sluice-streamed-"));
  try {
    writeStl10(folder, images);
    const dataset = stl10.open({ data: folder, seed: 0 });
    using device = Device.open({ device: "cpu", threads: 1 });
    using stores = new ImageStores(device, dataset);
    const loader = new Loader(stores.training(dataset.pretraining, BATCH), {
      dataset,
      batch: BATCH,
      seed: 0,
      epochs: 1,
    });
    const held = Array.from({ length: loader.stepsPerEpoch }, () => {
      using _scope = new Scope();
      loader.next();
      return { resident: process.memoryUsage().rss, inUse: device.memory().inUse };
    });
    const [settled, last] = [held[Math.floor(held.length / 10)], held.at(-1)];
    const growth = (last?.resident ?? NaN) - (settled?.resident ?? NaN);
    assert.ok(growth <= ALLOWED_GROWTH, `${images} images: ${growth} bytes more are resident`);
    assert.equal(last?.inUse, settled?.inUse);
    return growth;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** 4 GB of images. */
export const streamStl10: SoakTest = {
  name: "memory is flat while 4 GB of STL-10 stream through the loader",
  trials: 1,
  portion: 1,
  run() {
    const growth = assertFlatStreaming(Math.ceil(4e9 / IMAGE_BYTES / BATCH) * BATCH);
    console.error(`resident memory grew by ${(growth / 2 ** 20).toFixed(1)} MiB`);
  },
};
