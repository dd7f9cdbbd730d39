/**
 * The devices that tests run on: one of each native library that is built.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { Device, type DeviceKind, libraryPath } from "../src/device/mod.ts";

const kinds: readonly DeviceKind[] = ["cpu", "cuda"];

/** Opens one device of every library found; the CPU's has to be there. */
export function openDevices(): Device[] {
  const found = kinds.filter((kind) => kind === "cpu" || existsSync(libraryPath(kind)));
  return found.map((device) => Device.open({ device, threads: 2 }));
}

/** Whether the device of {@linkcode openDevice} takes bf16 operands: tests that need them are ignored where it does not. */
export function deviceHasBf16(): boolean {
  using device = openDevice();
  return device.description.bf16;
}

/** One device, for tests of what does not depend on the kind of it: that of the CPU. */
export function openDevice(): Device {
  return Device.open({ device: "cpu", threads: 2 });
}
