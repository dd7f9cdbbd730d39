/**
 * Soak test: streams a large file of images, and asserts that the process does not keep them in memory.
 *
 * @module
 */
import { assertLessOrEqual, assertStrictEquals } from "@std/assert";
import { join } from "@std/path";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import process from "node:process";
import { ImageStores, Loader, stl10 } from "../../src/data/mod.ts";
import { Device } from "../../src/device/mod.ts";
import { Scope } from "../../src/tensor/mod.ts";
import type { SoakTest } from "./soak.ts";

const IMAGE_BYTES = 3 * 96 * 96;
const BATCH = 250;
/** Bytes that the JavaScript heap may add between two garbage collections. */
const ALLOWED_GROWTH = 96 * 2 ** 20;

/** Writes a data set whose unlabelled images are `images` records of zeros in a sparse file. */
function writeStl10(folder: string, images: number): void {
  for (const split of ["train", "test"]) {
    writeFileSync(join(folder, `${split}_X.bin`), new Uint8Array(IMAGE_BYTES));
    writeFileSync(join(folder, `${split}_y.bin`), Uint8Array.of(1));
  }
  writeFileSync(join(folder, "unlabeled_X.bin"), "");
  truncateSync(join(folder, "unlabeled_X.bin"), images * IMAGE_BYTES);
}

/**
 * Streams an epoch of `images` images through the loader. Asserts that the memory of process and device does not grow
 * between a tenth of the epoch and its end.
 *
 * @returns bytes by which the resident memory grew.
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
    assertLessOrEqual(growth, ALLOWED_GROWTH, `${images} images: ${growth} bytes more are resident`);
    assertStrictEquals(last?.inUse, settled?.inUse);
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
