/**
 * Opens the device that a command asks for.
 *
 * @module
 */
import { Device } from "../src/device/mod.ts";
import { type OutputOptions, remark } from "./ui/output.ts";

/**
 * Opens a device, and remarks on a GPU that `auto` does not use.
 *
 * @throws {InvalidInputError} on an unknown device name or a thread count out of range.
 * @throws {DeviceUnavailableError} if the device is missing.
 */
export function openDevice(
  { device, threads }: { readonly device: string; readonly threads: number },
  output: OutputOptions,
): Device {
  return Device.open({ device, threads, remark: (line) => remark(output, line) });
}
