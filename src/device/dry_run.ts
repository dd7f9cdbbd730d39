/**
 * Dry runs, which measure the memory of a computation without allocating it and without computing.
 *
 * @module
 */
import type { Device, DevicePointer, Kernels } from "./device.ts";

/** Native calls that a dry run makes: they return sizes, or make small objects that are read and freed. */
const made: ReadonlySet<string> = new Set<keyof Kernels>([
  "sl_conv_packed_bytes",
  "sl_gated_supports",
  "sl_gated_full_from",
  "sl_gated_packed_bytes",
  "sl_host_malloc",
  "sl_host_free",
  "sl_event_create",
  "sl_event_destroy",
  "sl_event_record",
  "sl_event_synchronize",
]);

/** The native allocator rounds sizes up to this many bytes. */
const ALIGNMENT = 64;
/** The first address that a dry run hands out. Nothing reads or writes there. */
const FIRST_ADDRESS = 1n << 44n;

/** Hands out addresses without memory behind them, and counts the bytes. */
class CountedAddresses {
  readonly #sizes = new Map<bigint, number>();
  #next = FIRST_ADDRESS;
  #inUse = 0;
  /** The largest number of bytes in use at a time. */
  peak = 0;

  allocate(bytes: number): bigint {
    const size = Math.ceil(Math.max(bytes, 1) / ALIGNMENT) * ALIGNMENT;
    const address = this.#next;
    this.#next += BigInt(size);
    this.#sizes.set(address, size);
    this.#inUse += size;
    this.peak = Math.max(this.peak, this.#inUse);
    return address;
  }

  release(address: bigint): void {
    this.#inUse -= this.#sizes.get(address) ?? 0;
    this.#sizes.delete(address);
  }
}

/**
 * Runs `work` without computing and without allocating, and returns the largest number of bytes that it would use at a
 * time. It takes milliseconds, whatever the sizes. The scratch memory of native functions is not counted.
 *
 * @param work allocates all that it uses, frees it again, and does not depend on values: everything it downloads is
 * zero.
 */
export function dryRunPeak(device: Device, work: () => void): number {
  const addresses = new CountedAddresses();
  using _observation = device.observe((name, parameters, call) => {
    if (name === "sl_malloc") {
      const [bytes, slot] = parameters as [number, BigUint64Array];
      slot[0] = addresses.allocate(bytes);
    } else if (name === "sl_free") addresses.release(Deno.UnsafePointer.value(parameters[0] as DevicePointer));
    else if (made.has(name)) call();
  });
  work();
  return addresses.peak;
}
