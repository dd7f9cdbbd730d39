/**
 * Tests of dry runs: what a computation allocates, without memory and without computing.
 *
 * @module
 */
import { assertEquals, assertThrows } from "@std/assert";
import { dryRunPeak } from "../../src/device/mod.ts";
import { Tensor } from "../../src/tensor/mod.ts";
import { openDevice } from "../devices.ts";

Deno.test("a dry run counts the highest number of bytes in use, and allocates and computes nothing", () => {
  using device = openDevice();
  const peak = dryRunPeak(device, () => {
    using _kept = Tensor.full(device, [1000], 1);
    Tensor.full(device, [2000], 2)[Symbol.dispose]();
    using _last = new Tensor(device, [10], "u8");
  });
  // 4000 and 8000 bytes in whole lines of 64.
  assertEquals(peak, 4032 + 8000);
  assertEquals([device.memory().inUse, device.memory().peak], [0, 0]);
});

Deno.test("a dry run takes more memory than any machine has", () => {
  using device = openDevice();
  const peak = dryRunPeak(device, () => {
    using tensor = Tensor.full(device, [2 ** 45], 1);
    tensor.clone()[Symbol.dispose]();
  });
  assertEquals(peak, 2 ** 48);
});

Deno.test("after a dry run, and after one that failed, the device computes again", () => {
  using device = openDevice();
  assertThrows(() =>
    dryRunPeak(device, () => {
      throw new RangeError("failed");
    }), RangeError);
  using tensor = Tensor.full(device, [2], 3);
  assertEquals([...tensor.toFloat32()], [3, 3]);
});
