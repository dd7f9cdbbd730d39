/**
 * Damages files at random, for readers to withstand.
 *
 * @module
 */
import type { RandomStream } from "../../src/random/mod.ts";

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
