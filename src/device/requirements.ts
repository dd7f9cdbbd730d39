/**
 * What a native library needs of the machine.
 *
 * @module
 */
import { NativeError } from "../errors.ts";
import { Status } from "./abi.ts";
import { type DeviceKind, openLibrary } from "./library.ts";

/** One thing that a native library needs besides itself. */
export interface Requirement {
  /** `oneDNN`, `NVIDIA driver`, `cuDNN`, `cuBLASLt`. */
  readonly name: string;
  /** Whether it is there and new enough. */
  readonly found: boolean;
  /** Version and place; or one sentence of what is missing, where it was looked for, and the remedy. */
  readonly detail: string;
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
    if (library.symbols.sl_requirements(text, BigInt(text.length)) !== Status.ok) {
      throw new NativeError("sl_requirements", "the list does not fit");
    }
    return JSON.parse(new TextDecoder().decode(text.subarray(0, text.indexOf(0)))) as Requirement[];
  } finally {
    library.close();
  }
}
