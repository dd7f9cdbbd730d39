/**
 * A device: one context of a native library, through which all memory and all native calls go.
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

/** An address in device memory, or a native handle; opaque. */
export type DevicePointer = Deno.PointerValue;

/** A host array that native code can read or write. */
export type HostArray =
  | Float32Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | Uint8Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>;

/** The symbols of an opened library. */
export type Native = Library["symbols"];
/** All but the first of a list of parameters. */
export type Tail<T extends readonly unknown[]> = T extends readonly [unknown, ...infer Rest] ? Rest : never;
/** 64-bit integers may be given as numbers: the runtime takes both, its types only know BigInt. */
export type WithNumbers<T extends readonly unknown[]> = {
  [I in keyof T]: T[I] extends bigint ? number | bigint : T[I];
};
/** Functions that take no context, or that make and free one. */
export type NotKernels =
  | "sl_abi_version"
  | "sl_last_error"
  | "sl_device_count"
  | "sl_device_describe"
  | "sl_context_create"
  | "sl_context_destroy";

/**
 * Every native function that takes a context, with the context filled in and the status turned into an exception
 * ({@linkcode NativeError} or one of its kinds, with the library's own sentence).
 */
export type Kernels = {
  readonly [Name in Exclude<keyof Native, NotKernels>]: (
    ...parameters: WithNumbers<Tail<Parameters<Native[Name]>>>
  ) => void;
};

/** Called in place of a native call, which happens when and if `call` is called. */
export type KernelObserver = (name: keyof Kernels, parameters: readonly unknown[], call: () => void) => void;

/** What the native library says of a device. */
export interface DeviceDescription {
  /** `cpu` or `cuda`. */
  readonly kind: DeviceKind;
  /** The processor's or GPU's name. */
  readonly name: string;
  /** The instruction set that the backend uses. */
  readonly isa: string;
  /** Processor cores (or multiprocessors) that this process may use. */
  readonly cores: number;
  /** The library underneath, `oneDNN` for one. */
  readonly backend: string;
  /** Its version. */
  readonly backendVersion: string;
  /** Whether bf16 matrix operands are supported. */
  readonly bf16: boolean;
  /** Whether f32 matrix operands can be rounded to TF32. */
  readonly tf32: boolean;
}

/** Bytes of device memory. */
export interface MemoryStatistics {
  /** Bytes in live buffers. */
  readonly inUse: number;
  /** Bytes taken from the system, cached blocks included. */
  readonly reserved: number;
  /** The highest value of `inUse` since the last reset. */
  readonly peak: number;
  /** Number of live buffers. */
  readonly live: number;
}

/** More threads than this on each core slow everything down, and the native library refuses them. */
const THREADS_PER_CORE = 16;

/** Where to run. */
export interface DeviceOptions {
  /** `cpu`; `cuda` or `cuda:N`, a GPU, where the library for it is built; `auto` (default): a GPU where there is one, else the CPU. */
  readonly device?: string;
  /** CPU threads of every native call, without effect on a GPU; 0 (default) means {@linkcode usableProcessors}. */
  readonly threads?: number;
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
    throw new InvalidInputError(`device ${name} is unknown: use auto, cpu, cuda or cuda:N`);
  }
  return { kind: match[1] as DeviceKind | "auto", index: Number(match[2] ?? 0) };
}

/** How many devices a library finds on this machine. */
function countDevices(library: Library): number {
  const count = new Int32Array(1);
  check(library, "sl_device_count", library.symbols.sl_device_count(count));
  return count[0] ?? 0;
}

/**
 * What the library of `kind` says of each of its devices.
 *
 * @throws {DeviceUnavailableError} where the library is missing or cannot be loaded.
 */
export function describeDevices(kind: DeviceKind): readonly DeviceDescription[] {
  const library = openLibrary(kind);
  try {
    return Array.from({ length: countDevices(library) }, (_, index) => describe(library, index));
  } finally {
    library.close();
  }
}

/** What keeps a library's devices from being used, or null. */
function unmetRequirement(kind: DeviceKind): string | null {
  const unmet = requirementsOf(kind).find(({ found }) => !found);
  return unmet === undefined ? null : `${unmet.name}: ${unmet.detail}`;
}

/** One device, opened; everything allocated on it ends with it. */
export class Device implements Disposable {
  /** Which native library drives it. */
  readonly kind: DeviceKind;
  /** CPU threads of every native call. */
  readonly threads: number;
  /** What the native library says of it. */
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
    // A GPU's calls return at once: there is nothing for a second thread.
    this.threads = kind === "cuda" ? 1 : requestedThreads === 0 ? usableProcessors() : requestedThreads;
    if (kind === "cpu" && this.threads > THREADS_PER_CORE * cores) {
      throw new InvalidInputError(
        `threads ${this.threads} is out of range: ${cores} cores take at most ${
          THREADS_PER_CORE * cores
        }, 0 means as many as it may use`,
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
   * @throws {DeviceUnavailableError} where the library, what it needs, or the device is missing.
   */
  static open(options: DeviceOptions = {}): Device {
    const { kind, index } = parseDeviceName(options.device ?? "auto");
    const threads = options.threads ?? 0;
    if (!Number.isInteger(threads) || threads < 0) {
      throw new InvalidInputError(
        `threads ${threads} is out of range: use a whole number, 0 for as many as this process may use`,
      );
    }
    if (kind !== "auto") return Device.#openKind(kind, index, threads);
    if (hasLibrary("cuda")) {
      try {
        return Device.#openKind("cuda", 0, threads);
      } catch (error) {
        // `sluice doctor --device cuda` says why; here the CPU does as well.
        if (!(error instanceof DeviceUnavailableError)) throw error;
      }
    }
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

  /** How many devices of its kind this machine has, itself among them. */
  countOfKind(): number {
    return countDevices(this.#library);
  }

  /** Allocates device memory with undefined contents. @throws {OutOfMemoryError} */
  allocate(bytes: number): DevicePointer {
    this.kernels.sl_malloc(bytes, this.#slot);
    return Deno.UnsafePointer.create(this.#slot[0] ?? 0n);
  }

  /** Returns memory of {@linkcode allocate}; after the device was closed this does nothing. */
  release(pointer: DevicePointer): void {
    if (this.#context !== null) this.kernels.sl_free(pointer);
  }

  /** Copies a host array to device memory. */
  upload(destination: DevicePointer, source: HostArray): void {
    this.kernels.sl_upload(null, destination, source, source.byteLength);
  }

  /** Fills a host array from device memory, waiting for the computations queued before. */
  download(destination: HostArray, source: DevicePointer): void {
    this.kernels.sl_download(null, destination, source, destination.byteLength);
  }

  /** Waits until the work queued in all streams is done. */
  synchronize(): void {
    this.kernels.sl_synchronize();
  }

  /** Memory now. */
  memory(): MemoryStatistics {
    this.kernels.sl_memory_stats(this.#statistics);
    const [inUse = 0n, reserved = 0n, peak = 0n, live = 0n] = this.#statistics;
    return { inUse: Number(inUse), reserved: Number(reserved), peak: Number(peak), live: Number(live) };
  }

  /** Whether f32 products and convolutions may round their operands to TF32; not so at first. @throws {UnsupportedError} */
  allowTf32(allow: boolean): void {
    this.kernels.sl_context_allow_tf32(Number(allow));
  }

  /** Whether convolutions measure their engines when they are first computed; not so at first. @throws {UnsupportedError} */
  autotune(measure: boolean): void {
    this.kernels.sl_context_autotune(Number(measure));
  }

  /** The engines that convolutions have taken until now, as text; empty where there is nothing to choose from. */
  exportPlans(): string {
    const bytes = new BigInt64Array(1);
    this.kernels.sl_plans_export(new Uint8Array(1), 0, bytes);
    const text = new Uint8Array(Number(bytes[0]));
    this.kernels.sl_plans_export(text, text.length, bytes);
    return textOf(text);
  }

  /** Takes the engines of such a text. @throws {NativeError} where it is another device's, or none. */
  importPlans(text: string): void {
    this.kernels.sl_plans_import(new TextEncoder().encode(`${text}\0`));
  }

  /** Bytes of memory that the device has in all, others' included; of a processor's no more than its container is given. */
  memoryTotal(): number {
    this.kernels.sl_memory_total(this.#statistics);
    const total = Number(this.#statistics[0]);
    return this.kind === "cpu" ? usableMemory(total) : total;
  }

  /** Gives cached memory that is not in use back to the system. */
  trimMemory(): void {
    this.kernels.sl_memory_trim();
  }

  /** Starts a new measurement of {@linkcode MemoryStatistics.peak}. */
  resetPeakMemory(): void {
    this.kernels.sl_memory_reset_peak();
  }

  /**
   * Puts `observer` around every native call until the result is disposed of; of several the last is outermost, and goes first.
   * Without an observer calls cost nothing more, and so the functions themselves are exchanged.
   */
  observe(observer: KernelObserver): Disposable {
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

/** The address `bytes` further on. */
export function offsetPointer(pointer: DevicePointer, bytes: number): DevicePointer {
  return pointer === null || bytes === 0 ? pointer : Deno.UnsafePointer.offset(pointer, bytes);
}

/** The address of device memory as a number that travels in arrays of addresses (multi-tensor calls). */
export function addressOf(pointer: DevicePointer): bigint {
  return Deno.UnsafePointer.value(pointer);
}
