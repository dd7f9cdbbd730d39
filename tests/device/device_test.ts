/**
 * Tests of opening devices, and of the exceptions that native failures become.
 *
 * @module
 */
import assert from "node:assert/strict";
import { addressOf, Device, libraryPath, offsetPointer, usableProcessors } from "../../src/device/mod.ts";
import { DeviceUnavailableError, InvalidInputError, NativeError, OutOfMemoryError } from "../../src/errors.ts";
import { withVariable } from "../environment.ts";

Deno.test("a device describes itself", () => {
  using device = Device.open({ device: "cpu", threads: 1 });
  assert.equal(device.kind, "cpu");
  assert.equal(device.description.kind, "cpu");
  assert.equal(device.description.backend, "oneDNN");
  assert.match(device.description.backendVersion, /^\d+\.\d+/);
  assert.ok(device.description.cores >= 1);
  assert.equal(typeof device.description.bf16, "boolean");
});

Deno.test("a device has the threads asked for, and all that it may use where none are", () => {
  using three = Device.open({ device: "cpu", threads: 3 });
  assert.equal(three.threads, 3);
  using all = Device.open({ device: "cpu" });
  assert.equal(all.threads, usableProcessors());
  assert.ok(all.threads <= all.description.cores);
});

Deno.test("an unknown device is refused by name, with the remedy", () => {
  for (const name of ["tpu", "cpu:1", "cuda:", "cuda:x", ""]) {
    assert.throws(
      () => Device.open({ device: name }),
      (error) => error instanceof InvalidInputError && error.message.includes(`device ${name} is unknown: use auto`),
    );
  }
});

Deno.test("a thread count that cannot be is refused", () => {
  for (const threads of [-1, 1.5, 5000, NaN]) {
    assert.throws(() => Device.open({ device: "cpu", threads }), InvalidInputError);
  }
});

Deno.test("a missing native library is named, with the command that builds it", () => {
  withVariable("SLUICE_NATIVE", "/nowhere", () => {
    assert.throws(
      () => Device.open({ device: "cpu" }),
      (error) => error instanceof DeviceUnavailableError && /\/nowhere\/.*deno task build/.test(error.message),
    );
  });
});

Deno.test("a file that is no native library is named, with the command that builds it", () => {
  const folder = Deno.makeTempDirSync();
  try {
    Deno.writeTextFileSync(`${folder}/libsluice_cpu.so`, "not a library");
    withVariable("SLUICE_NATIVE", folder, () => {
      assert.equal(libraryPath("cpu"), `${folder}/libsluice_cpu.so`);
      assert.throws(
        () => Device.open({ device: "cpu" }),
        (error) => error instanceof DeviceUnavailableError && /cannot be loaded .*deno task build/.test(error.message),
      );
    });
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("a native failure becomes an exception with the function's name and the library's sentence", () => {
  using device = Device.open({ device: "cpu", threads: 1 });
  assert.throws(
    () => device.kernels.sl_fill(0, -1, 0, null),
    (error) =>
      error instanceof NativeError && error.operation === "sl_fill" && error.message.length > 10 &&
      !error.message.includes("\n"),
  );
});

Deno.test("a request for more memory than there is becomes an out-of-memory exception, and the device goes on", () => {
  using device = Device.open({ device: "cpu", threads: 1 });
  assert.throws(() => device.allocate(2 ** 50), OutOfMemoryError);
  device.release(device.allocate(64));
});

Deno.test("a device may be closed twice, and memory released after it was closed is let go", () => {
  const device = Device.open({ device: "cpu", threads: 1 });
  const pointer = device.allocate(64);
  device[Symbol.dispose]();
  device[Symbol.dispose]();
  device.release(pointer);
});

Deno.test("bytes travel to the device and back, also from the middle of a buffer", () => {
  using device = Device.open({ device: "cpu", threads: 1 });
  const pointer = device.allocate(64);
  device.upload(pointer, Int32Array.from({ length: 16 }, (_, index) => index * index));
  const tail = new Int32Array(4);
  device.download(tail, offsetPointer(pointer, 48));
  assert.deepEqual([...tail], [144, 169, 196, 225]);
  assert.equal(addressOf(offsetPointer(pointer, 8)) - addressOf(pointer), 8n);
  device.release(pointer);
});

Deno.test("auto is the CPU where the CUDA library cannot be used, and cuda says why", () => {
  const folder = Deno.makeTempDirSync();
  try {
    Deno.symlinkSync(libraryPath("cpu"), `${folder}/libsluice_cpu.so`);
    Deno.writeTextFileSync(`${folder}/libsluice_cuda.so`, "not a library");
    withVariable("SLUICE_NATIVE", folder, () => {
      using device = Device.open();
      assert.equal(device.kind, "cpu");
      assert.throws(
        () => Device.open({ device: "cuda" }),
        (error) => error instanceof DeviceUnavailableError && /libsluice_cuda.so cannot be loaded/.test(error.message),
      );
    });
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
