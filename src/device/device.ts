/**
 * A device: one context of a native library, which owns all memory and makes all native calls.
 *
 * @module
 */
import {
  DeviceUnavailableError,
  InvalidInputError,
  NativeError,
  OutOfMemoryError,
  UnsupportedError,
} from "../errors.ts";
import { constants } from "./abi_constants.ts";
import { type DeviceKind, hasLibrary, type Library, openLibrary } from "./library.ts";
import { usableMemory, usableProcessors } from "../machine/limits.ts";
import { textOf } from "./native_text.ts";
import { requirementsOf } from "./requirements.ts";
import { unusedGpus } from "./unused_gpus.ts";

/** An address in device memory, or a native handle. */
export type DevicePointer = Deno.PointerValue;

/** A host array that native code can read or write. */
export type HostArray =
  | Float32Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | Uint8Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>;

/** The functions of an opened library. */
export type Native = Library["symbols"];
/** A list of parameters without the first, the context. */
export type Tail<T extends readonly unknown[]> = T extends readonly [unknown, ...infer Rest] ? Rest : never;
/** Lets 64-bit integers be given as numbers: Deno accepts both, its types name BigInt only. */
export type WithNumbers<T extends readonly unknown[]> = {
  [I in keyof T]: T[I] extends bigint ? number | bigint : T[I];
};
/** The functions that take no context, or that make or free it. */
export type NotKernels =
  | "sl_abi_version"
  | "sl_last_error"
  | "sl_device_count"
  | "sl_device_describe"
  | "sl_context_create"
  | "sl_context_destroy";

/**
 * Every native function that takes a context, with the context filled in. A status other than SL_OK becomes an
 * exception, {@linkcode NativeError} or a subclass of it, with the library's own sentence.
 */
export type Kernels = {
  readonly [Name in Exclude<keyof Native, NotKernels>]: (
    ...parameters: WithNumbers<Tail<Parameters<Native[Name]>>>
  ) => void;
};

/** Is called in place of a native call. The native call is made when the observer calls `call`. */
export type KernelObserver = (name: keyof Kernels, parameters: readonly unknown[], call: () => void) => void;

/** The native library's description of a device. */
export interface DeviceDescription {
  /** The library that drives the device. */
  readonly kind: DeviceKind;
  /** The processor's or GPU's name. */
  readonly name: string;
  /** The instruction set that the backend uses, or the GPU's architecture. */
  readonly isa: string;
  /** Processor cores that this process may use, or the GPU's multiprocessors. */
  readonly cores: number;
  /** The library that computes convolutions, such as `oneDNN`. */
  readonly backend: string;
  /** The backend's version. */
  readonly backendVersion: string;
  /** Whether bf16 matrix operands are supported. */
  readonly bf16: boolean;
  /** Whether f32 matrix operands can be rounded to TF32. */
  readonly tf32: boolean;
  /** Whether the packed weights of a convolution are the same for both directions. */
  readonly sharedPacks: boolean;
}

/** Use of device memory, in bytes. */
export interface MemoryStatistics {
  /** Bytes in live buffers. */
  readonly inUse: number;
  /** Bytes taken from the system, including cached blocks. */
  readonly reserved: number;
  /** The largest value of `inUse` since the last reset. */
  readonly peak: number;
  /** Number of live buffers. */
  readonly live: number;
}

/** The native library refuses more threads for each core. */
const THREADS_PER_CORE = 16;

/** Which device to open, and its threads. */
export interface DeviceOptions {
  /** `cpu`; `cuda` or `cuda:N` for a GPU; `auto` (default) for a GPU if one can be used, else the CPU. */
  readonly device?: string;
  /** CPU threads of every native call; 0 (default) for as many as {@linkcode usableProcessors}. Ignored on a GPU. */
  readonly threads?: number;
  /** Is called with the reason and the remedy where `auto` takes the CPU although the machine has a GPU. */
  readonly remark?: (line: string) => void;
}

function describe(library: Library, index: number): DeviceDescription {
  const text = new Uint8Array(1024);
  check(library, "sl_device_describe", library.symbols.sl_device_describe(index, text, BigInt(text.length)));
  return JSON.parse(textOf(text)) as DeviceDescription;
}

const { SL_OK, SL_ERROR_OUT_OF_MEMORY, SL_ERROR_UNSUPPORTED } = constants;

function check(library: Library, operation: string, status: number): void {
  if (status === SL_OK) return;
  const pointer = library.symbols.sl_last_error();
  const sentence = pointer === null ? `status ${status}` : Deno.UnsafePointerView.getCString(pointer);
  if (status === SL_ERROR_OUT_OF_MEMORY) throw new OutOfMemoryError(operation, sentence);
  if (status === SL_ERROR_UNSUPPORTED) throw new UnsupportedError(operation, sentence);
  throw new NativeError(operation, sentence);
}

function bindKernels(library: Library, context: DevicePointer): Kernels {
  const native = library.symbols as unknown as Record<string, (...parameters: unknown[]) => number>;
  const kernels: Record<string, (...parameters: unknown[]) => void> = {};
  for (const [name, call] of Object.entries(native)) {
    kernels[name] = (...parameters) => {
      const status = call(context, ...parameters);
      if (status !== SL_OK) check(library, name, status);
    };
  }
  return kernels as unknown as Kernels;
}

function parseDeviceName(name: string): { kind: DeviceKind | "auto"; index: number } {
  const match = /^(auto|cpu|cuda)(?::(\d+))?$/.exec(name);
  if (match === null || (match[2] !== undefined && match[1] !== "cuda")) {
    throw new InvalidInputError(`device ${name} is unknown: give auto, cpu, cuda or cuda:N`);
  }
  return { kind: match[1] as DeviceKind | "auto", index: Number(match[2] ?? 0) };
}

/** The number of devices that a library finds on this machine. */
function countDevices(library: Library): number {
  const count = new Int32Array(1);
  check(library, "sl_device_count", library.symbols.sl_device_count(count));
  return count[0] ?? 0;
}

/**
 * Describes every device of the library of `kind`.
 *
 * @throws {DeviceUnavailableError} if the library is missing or cannot be loaded.
 */
export function describeDevices(kind: DeviceKind): readonly DeviceDescription[] {
  const library = openLibrary(kind);
  try {
    return Array.from({ length: countDevices(library) }, (_, index) => describe(library, index));
  } finally {
    library.close();
  }
}

/** The first requirement that keeps a library's devices from being used, or null. */
function unmetRequirement(kind: DeviceKind): string | null {
  const unmet = requirementsOf(kind, "needed").find(({ found }) => !found);
  return unmet === undefined ? null : `${unmet.name}: ${unmet.detail}`;
}

/** An open device. Its disposal frees everything that was allocated on it. */
export class Device implements Disposable {
  /** The native library that drives the device. */
  readonly kind: DeviceKind;
  /** CPU threads of every native call. */
  readonly threads: number;
  /** The native library's description of the device. */
  readonly description: DeviceDescription;
  /** The native functions. */
  readonly kernels: Kernels;
  readonly #library: Library;
  #context: DevicePointer;
  readonly #slot = new BigUint64Array(1);
  readonly #statistics = new BigInt64Array(4);

  private constructor(library: Library, kind: DeviceKind, index: number, requestedThreads: number) {
    this.#library = library;
    this.kind = kind;
    this.description = describe(library, index);
    const { cores } = this.description;
    // A GPU's calls return at once, so that a second thread would have no work.
    this.threads = kind === "cuda" ? 1 : requestedThreads === 0 ? usableProcessors() : requestedThreads;
    if (kind === "cpu" && this.threads > THREADS_PER_CORE * cores) {
      throw new InvalidInputError(
        `threads ${this.threads} is out of range: give at most ${
          THREADS_PER_CORE * cores
        } for ${cores} cores, or 0 for as ` +
          `many as this process may use`,
      );
    }
    check(library, "sl_context_create", library.symbols.sl_context_create(index, this.threads, this.#slot));
    this.#context = Deno.UnsafePointer.create(this.#slot[0] ?? 0n);
    this.kernels = bindKernels(library, this.#context);
  }

  /**
   * Opens a device.
   *
   * @throws {InvalidInputError} on an unknown device name or a thread count out of range.
   * @throws {DeviceUnavailableError} if the library, one of its requirements, or the device is missing.
   */
  static open(options: DeviceOptions = {}): Device {
    const { kind, index } = parseDeviceName(options.device ?? "auto");
    const threads = options.threads ?? 0;
    if (!Number.isInteger(threads) || threads < 0) {
      throw new InvalidInputError(
        `threads ${threads} is out of range: give a whole number, or 0 for as many as this process may use`,
      );
    }
    if (kind !== "auto") return Device.#openKind(kind, index, threads);
    let refusal: string | null = null;
    if (hasLibrary("cuda")) {
      try {
        return Device.#openKind("cuda", 0, threads);
      } catch (error) {
        if (!(error instanceof DeviceUnavailableError)) throw error;
        refusal = error.message;
      }
    }
    // The CPU serves instead, but nobody who has a GPU should have to find out by its speed.
    if (options.remark !== undefined) unusedGpus(refusal).forEach(options.remark);
    return Device.#openKind("cpu", 0, threads);
  }

  static #openKind(kind: DeviceKind, index: number, threads: number): Device {
    const unmet = kind === "cuda" ? unmetRequirement(kind) : null;
    if (unmet !== null) throw new DeviceUnavailableError(`device ${kind} cannot be used: ${unmet}`);
    const library = openLibrary(kind);
    try {
      const count = countDevices(library);
      if (index >= count) {
        throw new DeviceUnavailableError(`device ${kind}:${index} does not exist: ${count} found`);
      }
      return new Device(library, kind, index, threads);
    } catch (error) {
      library.close();
      const cause = error instanceof NativeError && !(error instanceof OutOfMemoryError);
      if (!cause || kind === "cpu") throw error;
      throw new DeviceUnavailableError(`device ${kind}:${index} cannot be used: ${error.message}`, { cause: error });
    }
  }

  /** The number of devices of this kind on the machine, this device included. */
  countOfKind(): number {
    return countDevices(this.#library);
  }

  /** Allocates device memory with undefined contents. @throws {OutOfMemoryError} if the device has no memory left. */
  allocate(bytes: number): DevicePointer {
    this.kernels.sl_malloc(bytes, this.#slot);
    return Deno.UnsafePointer.create(this.#slot[0] ?? 0n);
  }

  /** Frees memory of {@linkcode allocate}. Does nothing if the device is closed. */
  release(pointer: DevicePointer): void {
    if (this.#context !== null) this.kernels.sl_free(pointer);
  }

  /** Copies a host array to device memory. */
  upload(destination: DevicePointer, source: HostArray): void {
    this.kernels.sl_upload(null, destination, source, source.byteLength);
  }

  /** Fills a host array from device memory; waits for the computations that were queued before. */
  download(destination: HostArray, source: DevicePointer): void {
    this.kernels.sl_download(null, destination, source, destination.byteLength);
  }

  /** Waits until the work queued in all streams is done. */
  synchronize(): void {
    this.kernels.sl_synchronize();
  }

  /** The present use of device memory. */
  memory(): MemoryStatistics {
    this.kernels.sl_memory_stats(this.#statistics);
    const [inUse = 0n, reserved = 0n, peak = 0n, live = 0n] = this.#statistics;
    return { inUse: Number(inUse), reserved: Number(reserved), peak: Number(peak), live: Number(live) };
  }

  /**
   * Whether f32 products and convolutions may round operands to TF32; false at first.
   *
   * @throws {UnsupportedError} without TF32.
   */
  allowTf32(allow: boolean): void {
    this.kernels.sl_context_allow_tf32(Number(allow));
  }

  /** Whether convolutions measure their engines at first use; false at first. @throws {UnsupportedError} on the CPU. */
  autotune(measure: boolean): void {
    this.kernels.sl_context_autotune(Number(measure));
  }

  /** The engines that convolutions have chosen until now, as text; empty on the CPU, which has no choice. */
  exportPlans(): string {
    const bytes = new BigInt64Array(1);
    this.kernels.sl_plans_export(new Uint8Array(1), 0, bytes);
    const text = new Uint8Array(Number(bytes[0]));
    this.kernels.sl_plans_export(text, text.length, bytes);
    return textOf(text);
  }

  /**
   * Uses the engines of a text of {@linkcode exportPlans}.
   *
   * @throws {NativeError} if it is another device's, or not such a text.
   */
  importPlans(text: string): void {
    this.kernels.sl_plans_import(new TextEncoder().encode(`${text}\0`));
  }

  /** Bytes of memory of the whole device, other processes' included; on the CPU at most what the container may use. */
  memoryTotal(): number {
    this.kernels.sl_memory_total(this.#statistics);
    const total = Number(this.#statistics[0]);
    return this.kind === "cpu" ? usableMemory(total) : total;
  }

  /** Returns cached, unused memory to the system. */
  trimMemory(): void {
    this.kernels.sl_memory_trim();
  }

  /** Starts a new measurement of {@linkcode MemoryStatistics.peak}. */
  resetPeakMemory(): void {
    this.kernels.sl_memory_reset_peak();
  }

  /**
   * Puts `observer` around every native call until the result is disposed. The observer that was added last is called
   * first. Dispose observers in reverse order.
   */
  observe(observer: KernelObserver): Disposable {
    // The functions themselves are replaced, so that calls cost nothing extra without an observer.
    const kernels = this.kernels as unknown as Record<string, (...parameters: unknown[]) => void>;
    const plain = { ...kernels };
    for (const [name, call] of Object.entries(plain)) {
      kernels[name] = (...parameters) => observer(name as keyof Kernels, parameters, () => call(...parameters));
    }
    return { [Symbol.dispose]: () => void Object.assign(kernels, plain) };
  }

  /** Whether the device was closed. */
  get disposed(): boolean {
    return this.#context === null;
  }

  /** Frees the context and all its memory. */
  [Symbol.dispose](): void {
    if (this.#context === null) return;
    check(this.#library, "sl_context_destroy", this.#library.symbols.sl_context_destroy(this.#context));
    this.#context = null;
    this.#library.close();
  }
}

/** The address `bytes` after a pointer. */
export function offsetPointer(pointer: DevicePointer, bytes: number): DevicePointer {
  return pointer === null || bytes === 0 ? pointer : Deno.UnsafePointer.offset(pointer, bytes);
}

/** An address as a number, for the tables of addresses that calls on many tensors take. */
export function addressOf(pointer: DevicePointer): bigint {
  return Deno.UnsafePointer.value(pointer);
}
