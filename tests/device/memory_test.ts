/**
 * Tests of the accounting of device memory.
 *
 * @module
 */
import { assertEquals, assertGreaterOrEqual, assertStrictEquals, assertThrows } from "@std/assert";
import { Device } from "../../src/device/mod.ts";
import { NativeError } from "../../src/errors.ts";

Deno.test("memory in use follows allocation and release, rounded to 64 bytes", () => {
  using device = Device.open({ device: "cpu", threads: 1 });
  assertEquals({ ...device.memory(), reserved: 0 }, { inUse: 0, reserved: 0, peak: 0, live: 0 });
  const first = device.allocate(100);
  const second = device.allocate(64);
  assertEquals(device.memory().inUse, 192);
  assertEquals(device.memory().live, 2);
  device.release(first);
  assertEquals(device.memory().inUse, 64);
  assertEquals(device.memory().peak, 192);
  device.resetPeakMemory();
  assertEquals(device.memory().peak, 64);
  device.release(second);
  assertEquals(device.memory().live, 0);
});

Deno.test("memory that was released is used again, and trimming returns it to the system", () => {
  using device = Device.open({ device: "cpu", threads: 1 });
  device.release(device.allocate(1 << 20));
  const reserved = device.memory().reserved;
  assertGreaterOrEqual(reserved, 1 << 20);
  for (let i = 0; i < 10; i++) device.release(device.allocate(1 << 20));
  assertStrictEquals(device.memory().reserved, reserved);
  device.kernels.sl_memory_trim();
  assertEquals(device.memory().reserved, 0);
});

Deno.test("memory that was released twice is refused", () => {
  using device = Device.open({ device: "cpu", threads: 1 });
  const pointer = device.allocate(64);
  device.release(pointer);
  assertThrows(() => device.release(pointer), NativeError);
});
