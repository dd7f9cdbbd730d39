/**
 * The requirements of a native library: the driver and the libraries that it loads.
 *
 * @module
 */
import { DeviceUnavailableError, NativeError } from "../errors.ts";
import { constants } from "./abi_constants.ts";
import { type DeviceKind, hasLibrary, libraryPath, openLibrary } from "./library.ts";
import { textOf } from "./native_text.ts";

/** A library or driver that a native library needs. */
export interface Requirement {
  /** `oneDNN`, `NVIDIA driver`, `cuDNN`, `cuBLASLt`, `NVRTC`, `NCCL`. */
  readonly name: string;
  /** Whether no device can be used without it. */
  readonly needed: boolean;
  /** Whether it is installed and new enough. */
  readonly found: boolean;
  /** Version and path; or a sentence that says what is missing, where it was searched, and the remedy. */
  readonly detail: string;
}

/** A native library's file and requirements. */
export interface LibraryReport {
  /** The file from which it is loaded. */
  readonly path: string;
  /** Whether the file exists. */
  readonly found: boolean;
  /** The requirements; empty if the file does not exist. */
  readonly requirements: readonly Requirement[];
}

/**
 * Searches for the requirements of the library of `kind`.
 *
 * @param which only those without which no device can be used, or all.
 * @throws {DeviceUnavailableError} if the library itself is missing or cannot be loaded.
 */
export function requirementsOf(kind: DeviceKind, which: "needed" | "all" = "all"): readonly Requirement[] {
  const library = openLibrary(kind);
  try {
    const text = new Uint8Array(1 << 16);
    if (library.symbols.sl_requirements(which === "all" ? 1 : 0, text, BigInt(text.length)) !== constants.SL_OK) {
      throw new NativeError("sl_requirements", "the list does not fit");
    }
    return JSON.parse(textOf(text)) as Requirement[];
  } finally {
    library.close();
  }
}

/**
 * Examines a native library. If it cannot be loaded, it is listed as its own unmet requirement.
 *
 * @param which only the requirements without which no device can be used, or all.
 */
export function examineLibrary(kind: DeviceKind, which: "needed" | "all" = "all"): LibraryReport {
  const [path, found] = [libraryPath(kind), hasLibrary(kind)];
  try {
    return { path, found, requirements: found ? requirementsOf(kind, which) : [] };
  } catch (error) {
    if (!(error instanceof DeviceUnavailableError)) throw error;
    return { path, found, requirements: [{ name: "library", needed: true, found: false, detail: error.message }] };
  }
}
