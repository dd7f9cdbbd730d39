/**
 * Soak test: safetensors files with random damage are read or refused, never anything else.
 *
 * @module
 */

import assert from "node:assert/strict";
import { decodeSafetensors, encodeSafetensors, FormatError, type HostTensor } from "../../src/formats/mod.ts";
import { RandomStream } from "../../src/random/mod.ts";
import type { SoakTest } from "./soak.ts";

const seed = 20_230_109;

/** A sound file of a few tensors of every dtype. */
function soundFile(): Uint8Array {
  const tensors = new Map<string, HostTensor>([
    ["conv1.weight", { dtype: "f32", shape: [2, 3, 3], data: new Float32Array(18).fill(0.5) }],
    ["layer1.0.mask", { dtype: "u8", shape: [5], data: new Uint8Array(5).fill(1) }],
    ["steps", { dtype: "i32", shape: [], data: new Int32Array(1).fill(7) }],
    ["half", { dtype: "bf16", shape: [4], data: new Uint16Array(4).fill(0x3f80) }],
  ]);
  return encodeSafetensors(tensors, { arch: "resnet18", note: "\u00e9\n" });
}

/** Changes, inserts, removes or swaps a few bytes, most often in the header. */
function damage(bytes: Uint8Array, random: RandomStream): Uint8Array {
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

const sound = soundFile();

/** 2,000,000 damaged files. */
export const mutateSafetensors: SoakTest = {
  name: "damaged safetensors files are read or refused with a FormatError",
  trials: 2_000_000,
  portion: 100_000,
  run(begin, end) {
    for (let trial = begin; trial < end; trial++) {
      const damaged = damage(sound, new RandomStream(seed, 0, trial));
      try {
        decodeSafetensors(damaged);
      } catch (error) {
        assert.ok(error instanceof FormatError, `trial ${trial}: ${String(error)}`);
        assert.ok(!error.message.includes("\n"), `trial ${trial}: the message is one line`);
      }
    }
  },
};
