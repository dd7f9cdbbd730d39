/**
 * Damages files at random, to test that readers read or refuse them.
 *
 * @module
 */
import { assertInstanceOf, assertMatch } from "@std/assert";
import { dirname, join } from "@std/path";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { InvalidInputError } from "../../src/errors.ts";
import { RandomStream } from "../../src/random/mod.ts";

const seed = 20_261_125;

/** Changes, inserts, removes or swaps a few bytes, most often in the header. */
export function damage(bytes: Uint8Array, random: RandomStream): Uint8Array {
  const damaged = [...bytes];
  const changes = 1 + random.integer(4);
  for (let change = 0; change < changes; change++) {
    const place = random.integer(Math.max(1, damaged.length));
    const kind = random.integer(4);
    if (kind === 0) damaged[place] = random.integer(256);
    else if (kind === 1) damaged.splice(place, 0, random.integer(256));
    else if (kind === 2) damaged.splice(place, 1 + random.integer(8));
    else damaged[place] = damaged[random.integer(Math.max(1, damaged.length))] ?? 0;
  }
  return Uint8Array.from(damaged);
}

/**
 * Runs trials in a folder of intact files, one of which is damaged at a time: reading must succeed, or fail with a
 * line that names the file.
 *
 * @param files their paths in the folder, with their bytes.
 */
export function damageFiles(
  files: readonly (readonly [path: string, bytes: Uint8Array])[],
  [begin, end]: readonly [number, number],
  read: (folder: string) => void,
): void {
  const folder = mkdtempSync(join(tmpdir(), "sluice-damaged-"));
  try {
    for (const [path] of files) mkdirSync(dirname(join(folder, path)), { recursive: true });
    for (let trial = begin; trial < end; trial++) {
      for (const [path, bytes] of files) writeFileSync(join(folder, path), bytes);
      const random = new RandomStream(seed, 1, trial);
      const [path, bytes] = files[random.integer(files.length)] ?? files[0] ?? ["", new Uint8Array()];
      writeFileSync(join(folder, path), damage(bytes, random));
      try {
        read(folder);
      } catch (error) {
        assertInstanceOf(error, InvalidInputError, `trial ${trial}: ${String(error)}`);
        assertMatch(error.message, new RegExp(`^[^\\n]*${path.slice(0, -5)}[^\\n]*$`), `trial ${trial}`);
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}
