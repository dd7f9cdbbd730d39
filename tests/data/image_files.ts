/**
 * Makes image files and trees of image files for tests.
 *
 * @module
 */
import { dirname, join } from "@std/path";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { encodePng } from "../../src/formats/mod.ts";
import { RandomStream } from "../../src/random/mod.ts";

/** Pixels [height, width, 3] of smooth colours that depend on the seed. */
export function testPixels(height: number, width: number, seed: number): Uint8Array<ArrayBuffer> {
  const random = new RandomStream(seed, 0, 0);
  const [a, b, c] = [random.uniform(), random.uniform(), random.uniform()];
  return Uint8Array.from({ length: height * width * 3 }, (_, i) => {
    const [channel, x, y] = [i % 3, Math.floor(i / 3) % width, Math.floor(i / (3 * width))];
    return 127.5 + 127 * Math.sin(6 * a + channel * (1 + b) + 5 * b * x / width + 7 * c * y / height);
  });
}

/** Writes a PNG file of {@linkcode testPixels}, and creates its folders. */
export function writePng(path: string, height: number, width: number, seed: number): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, encodePng({ width, height, pixels: testPixels(height, width, seed) }));
}

/** Writes a PNG file with a valid header and end, and damaged pixels. */
export function writeDamagedPng(path: string, height: number, width: number): void {
  mkdirSync(dirname(path), { recursive: true });
  const bytes = encodePng({ width, height, pixels: testPixels(height, width, 7) });
  const middle = Math.floor(bytes.length * 0.6);
  bytes[middle] = 255 - (bytes[middle] ?? 0);
  writeFileSync(path, bytes);
}

/** Runs a test with a new folder, and removes the folder afterwards. */
export async function withTree(test: (folder: string) => void | Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-tree-"));
  try {
    await test(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Writes class folders in `train` and `test`, with the given number of images of different sizes in each. */
export function writeClassTree(
  folder: string,
  classes: readonly string[],
  counts: { readonly train: number; readonly test: number },
): void {
  for (const split of ["train", "test"] as const) {
    classes.forEach((name, label) => {
      for (let image = 0; image < counts[split]; image++) {
        const path = join(folder, split, name, `${String(image).padStart(3, "0")}.png`);
        writePng(path, 20 + image % 5, 24 - image % 3, label * 1000 + image);
      }
    });
  }
}
