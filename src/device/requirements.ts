/**
 * What a native library needs of the machine.
 *
 * @module
 */
import { DeviceUnavailableError, NativeError } from "../errors.ts";
import { constants } from "./abi_constants.ts";
import { type DeviceKind, hasLibrary, libraryPath, openLibrary } from "./library.ts";
import { textOf } from "./native_text.ts";

/** One thing that a native library needs besides itself. */
export interface Requirement {
  /** `oneDNN`, `NVIDIA driver`, `cuDNN`, `cuBLASLt`. */
  readonly name: string;
  /** Whether it is there and new enough. */
  readonly found: boolean;
  /** Version and place; or one sentence of what is missing, where it was looked for, and the remedy. */
  readonly detail: string;
}

/** A native library: where it is or would be, and what it needs besides itself, empty where it is not built. */
export interface LibraryReport {
  /** Its file. */
  readonly path: string;
  /** Whether that is there. */
  readonly found: boolean;
  /** What it needs. */
  readonly requirements: readonly Requirement[];
}

/**
 * Looks for everything that the library of `kind` needs.
 *
 * @throws {DeviceUnavailableError} where the library itself is missing or cannot be loaded.
 */
export function requirementsOf(kind: DeviceKind): readonly Requirement[] {
  const library = openLibrary(kind);
  try {
    const text = new Uint8Array(1 << 14);
    if (library.symbols.sl_requirements(text, BigInt(text.length)) !== constants.SL_OK) {
      throw new NativeError("sl_requirements", "the list does not fit");
    }
    return JSON.parse(textOf(text)) as Requirement[];
  } finally {
    library.close();
  }
}

/** Looks at one native library; one that cannot be loaded becomes an unmet requirement of itself. */
export function examineLibrary(kind: DeviceKind): LibraryReport {
  const [path, found] = [libraryPath(kind), hasLibrary(kind)];
  try {
    return { path, found, requirements: found ? requirementsOf(kind) : [] };
  } catch (error) {
    if (!(error instanceof DeviceUnavailableError)) throw error;
    return { path, found, requirements: [{ name: "library", found: false, detail: error.message }] };
  }
}
