/**
 * The devices that tests run on: one of each native library that is built, or that of the kind which the environment
 * variable SLUICE_TEST_DEVICE names.
 *
 * @module
 */
import { assertGreater } from "@std/assert";
import { Device, type DeviceKind, hasLibrary } from "../src/device/mod.ts";
import { DeviceUnavailableError } from "../src/errors.ts";

/** Whether the CUDA library is built and finds a device. */
export function cudaDeviceFound(): boolean {
  try {
    Device.open({ device: "cuda" })[Symbol.dispose]();
    return true;
  } catch (error) {
    if (error instanceof DeviceUnavailableError) return false;
    throw error;
  }
}

/** Opens one device of every library found. */
export function openDevices(): Device[] {
  const there: readonly DeviceKind[] = [
    ...(hasLibrary("cpu") ? ["cpu" as const] : []),
    ...(cudaDeviceFound() ? ["cuda" as const] : []),
  ];
  const only = Deno.env.get("SLUICE_TEST_DEVICE");
  const chosen = there.filter((kind) => only === undefined || only === kind);
  assertGreater(chosen.length, 0, "no native library is built: run `deno task build`");
  return chosen.map((device) => Device.open({ device, threads: 2 }));
}

/** One device, for tests of what does not depend on the kind of it. */
export function openDevice(): Device {
  return Device.open({ device: Deno.env.get("SLUICE_TEST_DEVICE") ?? "cpu", threads: 2 });
}

/**
 * Whether the device of {@linkcode openDevice} takes bf16 operands: tests that need them are ignored where it does not.
 */
export function deviceHasBf16(): boolean {
  using device = openDevice();
  return device.description.bf16;
}
