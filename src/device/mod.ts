/**
 * Devices: the only layer that knows the foreign function interface.
 *
 * @module
 */
export * from "./device.ts";
export { type DeviceKind, hasLibrary, type Library, libraryPath } from "./library.ts";
export { PendingDownload } from "./pending_download.ts";
export { type Requirement, requirementsOf } from "./requirements.ts";
export { symbols } from "./abi.ts";
