/**
 * How many processors and how much memory this process may use, whatever the machine has.
 *
 * @module
 */
import { readMemoryQuotas, readProcessorQuota } from "./cgroup.ts";
import { SystemCalls } from "./system_calls.ts";

/** Processors, and what limits them. */
export interface ProcessorLimits {
  /** Threads that have a processor each: the smallest of the others, a part of one counted as a whole one. */
  readonly usable: number;
  /** Processors that the machine has. */
  readonly host: number;
  /** Processors that the scheduler may put this process on. */
  readonly affinity: number;
  /** Processors' worth of time that the control group is given, 1.5 for one; null where it is not limited. */
  readonly quota: number | null;
  /** The control group whose quota that is. */
  readonly quotaFolder: string | null;
  /** Which of them counts. */
  readonly decidedBy: "host" | "affinity" | "quota";
}

/** Bytes of memory, and what limits them. */
export interface MemoryLimits {
  /** What this process and its neighbours in the control group may have: the smaller of limit and machine. */
  readonly total: number;
  /** What is left of that, pages of files not counted that the kernel can drop. */
  readonly available: number;
  /** What the machine has. */
  readonly host: HostMemory;
  /** What the control group is given; null where it is not limited. */
  readonly limit: number | null;
  /** What of that is used. */
  readonly used: number | null;
  /** The control group whose limit that is. */
  readonly limitFolder: string | null;
  /** Which of them counts. */
  readonly decidedBy: "host" | "limit";
}

/** Bytes of memory of the machine. */
export interface HostMemory {
  /** All of it. */
  readonly total: number;
  /** What a program can have without others being swapped out. */
  readonly available: number;
}

/** The length of a list like `0-3,8`. */
function lengthOfList(list: string): number {
  return list.trim().split(",").reduce((sum, range) => {
    const [first, last = first] = range.split("-").map(Number);
    return sum + (last ?? NaN) - (first ?? NaN) + 1;
  }, 0);
}

/** Processors, and what limits them; `affinity` is the process's own unless it is given. */
export function readProcessorLimits(system: SystemCalls, given?: number): ProcessorLimits {
  // Deno's own number knows quotas too, but rounds them down.
  const affinity = given ?? system.affinity() ?? navigator.hardwareConcurrency;
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

/** Memory, and what limits it. */
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
 * Threads that a program that is not told a number should have: as many as there are processors, of those the scheduler gives
 * this process, and no more than its control group's quota keeps busy.
 */
export function usableProcessors(): number {
  using system = new SystemCalls();
  return readProcessorLimits(system).usable;
}

/** Bytes that this process may have at most, of so many that the machine has. */
export function usableMemory(total: number): number {
  using system = new SystemCalls();
  return readMemoryLimits(system, { total, available: total }).total;
}
