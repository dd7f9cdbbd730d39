/**
 * Devices: the layer that calls the native library through Deno's foreign function interface.
 *
 * @module
 */
export * from "./device.ts";
export { type DeviceKind, hasLibrary, type Library, libraryPath } from "./library.ts";
export { DeviceHandle } from "./device_handle.ts";
export { DeviceEvent } from "./device_event.ts";
export { DeviceGraph } from "./device_graph.ts";
export { DeviceStream } from "./device_stream.ts";
export { dryRunPeak } from "./dry_run.ts";
export { PendingDownload } from "./pending_download.ts";
export { PinnedMemory } from "./pinned_memory.ts";
export { type DecodeJob, ReaderThreads, type RecordJob } from "./reader_threads.ts";
export { examineLibrary, type LibraryReport, type Requirement, requirementsOf } from "./requirements.ts";
export { gpuWarnings } from "./unused_gpus.ts";
export { usableProcessors } from "../machine/limits.ts";
export { symbols } from "./abi.ts";
export { constants, type StructFields, structOf, structs } from "./abi_constants.ts";
