/**
 * Tests of what watches native calls.
 *
 * @module
 */
import { assertEquals, assertThrows } from "@std/assert";
import { NativeError } from "../../src/errors.ts";
import { Tensor } from "../../src/tensor/mod.ts";
import { openDevice } from "../devices.ts";

const device = openDevice();

Deno.test("an observer is told of every native call with its parameters, until it is disposed of", () => {
  const seen: [string, readonly unknown[]][] = [];
  {
    using _observed = device.observe((name, parameters, call) => {
      seen.push([name, parameters]);
      call();
    });
    using tensor = Tensor.full(device, [3], 7);
    assertEquals([...tensor.toFloat32()], [7, 7, 7]);
  }
  assertEquals(seen.map(([name]) => name), ["sl_malloc", "sl_fill", "sl_download", "sl_free"]);
  assertEquals(seen[1]?.[1].slice(0, 3), [0, 3, 7]);
  using unseen = Tensor.full(device, [3], 7);
  assertEquals(unseen.size, 3);
  assertEquals(seen.length, 4);
});

Deno.test("kernels taken before the observer came are observed too, by each of several observers", () => {
  const { kernels } = device;
  const order: string[] = [];
  const observe = (label: string) =>
    device.observe((_name, _parameters, call) => {
      order.push(`${label} before`);
      call();
      order.push(`${label} after`);
    });
  {
    using _first = observe("first");
    using _second = observe("second");
    kernels.sl_synchronize();
  }
  assertEquals(order, ["second before", "first before", "first after", "second after"]);
  kernels.sl_synchronize();
  assertEquals(order.length, 4);
});

Deno.test("a native error passes through an observer", () => {
  using _observed = device.observe((_name, _parameters, call) => call());
  assertThrows(() => device.allocate(-1), NativeError);
});
