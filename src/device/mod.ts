/**
 * Devices: the only layer that knows the foreign function interface.
 *
 * @module
 */
export * from "./device.ts";
export { type DeviceKind, type Library, libraryPath } from "./library.ts";
export { symbols } from "./abi.ts";
