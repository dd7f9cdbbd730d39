/**
 * Tests of the accounting of device memory.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Device } from "../../src/device/mod.ts";
import { NativeError } from "../../src/errors.ts";

Deno.test("memory in use follows allocation and release, rounded to 64 bytes", () => {
  using device = Device.open({ device: "cpu", threads: 1 });
  assert.deepEqual({ ...device.memory(), reserved: 0 }, { inUse: 0, reserved: 0, peak: 0, live: 0 });
  const first = device.allocate(100);
  const second = device.allocate(64);
  assert.equal(device.memory().inUse, 192);
  assert.equal(device.memory().live, 2);
  device.release(first);
  assert.equal(device.memory().inUse, 64);
  assert.equal(device.memory().peak, 192);
  device.resetPeakMemory();
  assert.equal(device.memory().peak, 64);
  device.release(second);
  assert.equal(device.memory().live, 0);
});

Deno.test("memory that was released is used again, and trimming returns it to the system", () => {
  using device = Device.open({ device: "cpu", threads: 1 });
  device.release(device.allocate(1 << 20));
  const reserved = device.memory().reserved;
  assert.ok(reserved >= 1 << 20);
  for (let i = 0; i < 10; i++) device.release(device.allocate(1 << 20));
  assert.equal(device.memory().reserved, reserved);
  device.kernels.sl_memory_trim();
  assert.equal(device.memory().reserved, 0);
});

Deno.test("memory that was released twice is refused", () => {
  using device = Device.open({ device: "cpu", threads: 1 });
  const pointer = device.allocate(64);
  device.release(pointer);
  assert.throws(() => device.release(pointer), NativeError);
});
