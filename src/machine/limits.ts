/**
 * Works out how many processors and how much memory this process may use: a container often gets less than the
 * machine has.
 *
 * @module
 */
import { readMemoryQuotas, readProcessorQuota } from "./cgroup.ts";
import { SystemCalls } from "./system_calls.ts";

/** Processors, and what limits them. */
export interface ProcessorLimits {
  /** Threads that can each have a processor: the smallest of `host`, `affinity` and `quota`, which is rounded up. */
  readonly usable: number;
  /** Processors that the machine has. */
  readonly host: number;
  /** Processors that the scheduler may put this process on. */
  readonly affinity: number;
  /** Processors that the control group can keep busy, such as 1.5; null if it has no limit. */
  readonly quota: number | null;
  /** The folder of the control group that sets `quota`. */
  readonly quotaFolder: string | null;
  /** The value that sets `usable`. */
  readonly decidedBy: "host" | "affinity" | "quota";
}

/** Bytes of memory, and what limits them. */
export interface MemoryLimits {
  /**
   * What this process and the rest of its control group may use together: the smaller of `limit` and the machine's
   * memory.
   */
  readonly total: number;
  /** The free part of `total`. Cached file pages that the kernel can drop count as free. */
  readonly available: number;
  /** The machine's memory. */
  readonly host: HostMemory;
  /** The control group's limit; null if it has none. */
  readonly limit: number | null;
  /** Bytes that the control group uses; null if it has no limit or the kernel does not report them. */
  readonly used: number | null;
  /** The folder of the control group that sets `limit`. */
  readonly limitFolder: string | null;
  /** The value that sets `total`. */
  readonly decidedBy: "host" | "limit";
}

/** The machine's memory, in bytes. */
export interface HostMemory {
  /** Installed memory. */
  readonly total: number;
  /** Memory that a program can use without making the machine swap. */
  readonly available: number;
}

/** How many numbers a list such as `0-3,8` names. */
function lengthOfList(list: string): number {
  return list.trim().split(",").reduce((sum, range) => {
    const [first, last = first] = range.split("-").map(Number);
    return sum + (last ?? NaN) - (first ?? NaN) + 1;
  }, 0);
}

/** Reads the processor limits. `given` replaces the process's affinity, for tests. */
export function readProcessorLimits(system: SystemCalls, given?: number): ProcessorLimits {
  // Deno's own number respects quotas too, but rounds them down.
  const affinity = given ?? system.affinity()?.length ?? navigator.hardwareConcurrency;
  const online = lengthOfList(system.read("/sys/devices/system/cpu/online") ?? "");
  const host = online >= affinity ? online : affinity;
  const quota = readProcessorQuota(system);
  const granted = quota === null ? Infinity : Math.max(1, Math.ceil(quota.processors));
  const decidedBy = granted < affinity ? "quota" : affinity < host ? "affinity" : "host";
  return {
    usable: Math.min(affinity, granted),
    host,
    affinity,
    quota: quota?.processors ?? null,
    quotaFolder: quota?.folder ?? null,
    decidedBy,
  };
}

/** Reads the memory limits. */
export function readMemoryLimits(system: SystemCalls, host: HostMemory): MemoryLimits {
  const quotas = readMemoryQuotas(system);
  const tightest = quotas[0];
  const left = quotas.map(({ limit, used }) => Math.max(0, limit - (used ?? 0)));
  return {
    total: Math.min(host.total, tightest?.limit ?? Infinity),
    available: Math.min(host.available, ...left),
    host: { total: host.total, available: host.available },
    limit: tightest?.limit ?? null,
    used: tightest?.used ?? null,
    limitFolder: tightest?.folder ?? null,
    decidedBy: tightest !== undefined && tightest.limit < host.total ? "limit" : "host",
  };
}

/**
 * The default number of threads: the processors of this process's affinity, but no more than its control group's
 * quota keeps busy.
 */
export function usableProcessors(): number {
  using system = new SystemCalls();
  return readProcessorLimits(system).usable;
}

/** Bytes of memory that this process may use on a machine with `total` bytes. */
export function usableMemory(total: number): number {
  using system = new SystemCalls();
  return readMemoryLimits(system, { total, available: total }).total;
}
