/**
 * Soak test: safetensors files with random damage are read, or refused with a FormatError.
 *
 * @module
 */

import { assert, assertInstanceOf } from "@std/assert";
import { decodeSafetensors, encodeSafetensors, FormatError, type HostTensor } from "../../src/formats/mod.ts";
import { RandomStream } from "../../src/random/mod.ts";
import { damage } from "./damage.ts";
import type { SoakTest } from "./soak.ts";

const seed = 20_230_109;

/** An undamaged file with a few tensors of every dtype. */
function soundFile(): Uint8Array {
  const tensors = new Map<string, HostTensor>([
    ["conv1.weight", { dtype: "f32", shape: [2, 3, 3], data: new Float32Array(18).fill(0.5) }],
    ["layer1.0.mask", { dtype: "u8", shape: [5], data: new Uint8Array(5).fill(1) }],
    ["steps", { dtype: "i32", shape: [], data: new Int32Array(1).fill(7) }],
    ["half", { dtype: "bf16", shape: [4], data: new Uint16Array(4).fill(0x3f80) }],
  ]);
  return encodeSafetensors(tensors, { arch: "resnet18", note: "\u00e9\n" });
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
        assertInstanceOf(error, FormatError, `trial ${trial}: ${String(error)}`);
        assert(!error.message.includes("\n"), `trial ${trial}: the message is one line`);
      }
    }
  },
};
