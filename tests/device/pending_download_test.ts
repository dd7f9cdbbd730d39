/**
 * Tests of copies to the host that nobody waits for at once.
 *
 * @module
 */
import { assertEquals, assertThrows } from "@std/assert";
import { PendingDownload } from "../../src/device/mod.ts";
import { MisuseError } from "../../src/errors.ts";
import { Tensor } from "../../src/tensor/mod.ts";
import { openDevice } from "../devices.ts";

const device = openDevice();

Deno.test("a pending download gives the values of the moment it was made, whatever is written afterwards", () => {
  using tensor = Tensor.full(device, [3], 7);
  using pending = new PendingDownload(device, tensor.pointer, 12);
  tensor.write(Float32Array.of(1, 2, 3));
  assertEquals([...new Float32Array(pending.wait())], [7, 7, 7]);
  assertEquals([...new Float32Array(pending.wait())], [7, 7, 7]);
  assertEquals([...tensor.toFloat32()], [1, 2, 3]);
});

Deno.test("a pending download frees its host memory once, waited for or not", () => {
  using tensor = Tensor.full(device, [3], 7);
  const calls: string[] = [];
  {
    using _observed = device.observe((name, _parameters, call) => {
      calls.push(name);
      call();
    });
    const pending = new PendingDownload(device, tensor.pointer, 12);
    pending[Symbol.dispose]();
    pending[Symbol.dispose]();
    assertThrows(() => pending.wait(), MisuseError);
  }
  assertEquals(calls.filter((name) => name === "sl_host_free").length, 1);
  assertEquals(calls.filter((name) => name === "sl_event_destroy").length, 1);
});

Deno.test("a pending download outlives its device without harm", () => {
  const short = openDevice();
  const tensor = Tensor.full(short, [3], 7);
  const pending = new PendingDownload(short, tensor.pointer, 12);
  short[Symbol.dispose]();
  pending[Symbol.dispose]();
});
