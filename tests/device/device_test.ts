/**
 * Tests of opening devices, and of the exceptions that native failures become.
 *
 * @module
 */
import {
  assert,
  assertEquals,
  assertGreater,
  assertGreaterOrEqual,
  assertIsError,
  assertLessOrEqual,
  assertMatch,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { addressOf, Device, libraryPath, offsetPointer, usableProcessors } from "../../src/device/mod.ts";
import { DeviceUnavailableError, InvalidInputError, NativeError, OutOfMemoryError } from "../../src/errors.ts";
import { withVariable } from "../environment.ts";

Deno.test("a device describes itself", () => {
  using device = Device.open({ device: "cpu", threads: 1 });
  assertEquals(device.kind, "cpu");
  assertEquals(device.description.kind, "cpu");
  assertEquals(device.description.backend, "oneDNN");
  assertMatch(device.description.backendVersion, /^\d+\.\d+/);
  assertGreaterOrEqual(device.description.cores, 1);
  assertEquals(typeof device.description.bf16, "boolean");
});

Deno.test("a device has the threads asked for, and all that it may use where none are", () => {
  using three = Device.open({ device: "cpu", threads: 3 });
  assertEquals(three.threads, 3);
  using all = Device.open({ device: "cpu" });
  assertStrictEquals(all.threads, usableProcessors());
  assertLessOrEqual(all.threads, all.description.cores);
});

Deno.test("an unknown device is refused by name, with the remedy", () => {
  for (const name of ["tpu", "cpu:1", "cuda:", "cuda:x", ""]) {
    assertThrows(() => Device.open({ device: name }), InvalidInputError, `device ${name} is unknown: give auto`);
  }
});

Deno.test("a thread count that cannot be is refused", () => {
  for (const threads of [-1, 1.5, 5000, NaN]) {
    assertThrows(() => Device.open({ device: "cpu", threads }), InvalidInputError);
  }
});

Deno.test("a missing native library is named, with the command that builds it", () => {
  withVariable("SLUICE_NATIVE", "/nowhere", () => {
    assertIsError(
      assertThrows(() => Device.open({ device: "cpu" })),
      DeviceUnavailableError,
      /\/nowhere\/.*deno task build/,
    );
  });
});

Deno.test("a file that is no native library is named, with the command that builds it", () => {
  const folder = Deno.makeTempDirSync();
  try {
    Deno.writeTextFileSync(`${folder}/libsluice_cpu.so`, "not a library");
    withVariable("SLUICE_NATIVE", folder, () => {
      assertEquals(libraryPath("cpu"), `${folder}/libsluice_cpu.so`);
      assertIsError(
        assertThrows(() => Device.open({ device: "cpu" })),
        DeviceUnavailableError,
        /cannot be loaded .*deno task build/,
      );
    });
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("a native failure becomes an exception with the function's name and the library's sentence", () => {
  using device = Device.open({ device: "cpu", threads: 1 });
  const error = assertThrows(() => device.kernels.sl_fill(0, -1, 0, null), NativeError);
  assertEquals(error.operation, "sl_fill");
  assertGreater(error.message.length, 10);
  assert(!error.message.includes("\n"));
});

Deno.test("a request for more memory than there is becomes an out-of-memory exception, and the device goes on", () => {
  using device = Device.open({ device: "cpu", threads: 1 });
  assertThrows(() => device.allocate(2 ** 50), OutOfMemoryError);
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
  assertEquals([...tail], [144, 169, 196, 225]);
  assertEquals(addressOf(offsetPointer(pointer, 8)) - addressOf(pointer), 8n);
  device.release(pointer);
});

Deno.test("auto is the CPU where the CUDA library cannot be used, and cuda says why", () => {
  const folder = Deno.makeTempDirSync();
  try {
    Deno.symlinkSync(libraryPath("cpu"), `${folder}/libsluice_cpu.so`);
    Deno.writeTextFileSync(`${folder}/libsluice_cuda.so`, "not a library");
    withVariable("SLUICE_NATIVE", folder, () => {
      using device = Device.open();
      assertEquals(device.kind, "cpu");
      assertIsError(
        assertThrows(() => Device.open({ device: "cuda" })),
        DeviceUnavailableError,
        /libsluice_cuda.so cannot be loaded/,
      );
    });
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
