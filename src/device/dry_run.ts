/**
 * Dry runs: how much memory a computation takes, found without the memory and without computing.
 *
 * @module
 */
import type { Device, DevicePointer, Kernels } from "./device.ts";

/** Native calls that a dry run makes all the same: they ask for sizes, or make small things that are read and freed. */
const made: ReadonlySet<string> = new Set<keyof Kernels>([
  "sl_conv_packed_bytes",
  "sl_gated_supports",
  "sl_gated_packed_bytes",
  "sl_host_malloc",
  "sl_host_free",
  "sl_event_create",
  "sl_event_destroy",
  "sl_event_record",
  "sl_event_synchronize",
]);

/** As the native allocator rounds. */
const ALIGNMENT = 64;
/** Where the addresses of a dry run begin; nothing reads or writes there. */
const FIRST_ADDRESS = 1n << 44n;

/** Hands out addresses without memory behind them, and counts. */
class CountedAddresses {
  readonly #sizes = new Map<bigint, number>();
  #next = FIRST_ADDRESS;
  #inUse = 0;
  /** The highest number of bytes in use until now. */
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
 * Runs `work` with every allocation counted and not made, and every computation left out, and returns the highest number of bytes
 * in use at a time. It takes milliseconds, whatever the sizes. What native functions allocate for themselves is not counted.
 *
 * @param work must allocate all that it uses, free it again, and not depend on values: what it downloads is zero.
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
