/**
 * The limits of the control groups that this process is in: its own group's and those of the groups around it, in both
 * versions of the kernel's interface, also beside each other.
 *
 * @module
 */
import { join } from "node:path";
import { unescapeOctal } from "./mounts.ts";
import type { SystemCalls } from "./system_calls.ts";

/** Processor time that a group is given. */
export interface ProcessorQuota {
  /** Processors' worth of time, 1.5 for one. */
  readonly processors: number;
  /** The group's folder. */
  readonly folder: string;
}

/** Memory that a group is given. */
export interface MemoryQuota {
  /** Bytes that its processes may have. */
  readonly limit: number;
  /** Bytes that they have, without pages of files that the kernel can drop; null where it does not say. */
  readonly used: number | null;
  /** The group's folder. */
  readonly folder: string;
}

/** Version 1 writes "no limit" as the largest number of whole pages. */
const NO_LIMIT = 2 ** 62;

interface GroupMount {
  readonly root: string;
  readonly point: string;
  readonly version: 1 | 2;
  /** Of version 1. */
  readonly controllers: readonly string[];
}

interface Group {
  readonly folder: string;
  readonly version: 1 | 2;
}

/** Mounts of control groups; see proc_pid_mountinfo(5). */
function groupMounts(system: SystemCalls): GroupMount[] {
  return (system.read("/proc/self/mountinfo") ?? "").split("\n").flatMap((line) => {
    const [mount = "", filesystem = ""] = line.split(" - ");
    const [, , , root, point] = mount.split(" ");
    const [type, , options = ""] = filesystem.split(" ");
    if (root === undefined || point === undefined || (type !== "cgroup" && type !== "cgroup2")) return [];
    return [{
      root: unescapeOctal(root),
      point: unescapeOctal(point),
      version: type === "cgroup" ? 1 : 2,
      controllers: options.split(","),
    }];
  });
}

/** The way from a mounted group down to another; null where that is not below it, or not in this namespace. */
function below(root: string, path: string): string | null {
  if (path.split("/").includes("..")) return null;
  if (root === "/") return path;
  return path === root || path.startsWith(`${root}/`) ? path.slice(root.length) : null;
}

/** A folder, and those around it as far as `outermost`. */
function ancestors(outermost: string, inside: string): string[] {
  const parts = inside.split("/").filter((part) => part !== "");
  return Array.from({ length: parts.length + 1 }, (_, up) => join(outermost, ...parts.slice(0, parts.length - up)));
}

/** The groups that a controller may limit this process by, the innermost first. */
function groupsOf(system: SystemCalls, controller: string): Group[] {
  const mounts = groupMounts(system);
  return (system.read("/proc/self/cgroup") ?? "").split("\n").flatMap((line) => {
    const [, , controllers, path] = /^(\d+):([^:]*):(.*)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined) return [];
    const version = controllers === "" ? 2 : 1;
    if (version === 1 && !controllers.split(",").includes(controller)) return [];
    const candidates = mounts.filter((mount) =>
      mount.version === version && (version === 2 || mount.controllers.includes(controller))
    );
    const found = candidates.find(({ root }) => below(root, path) !== null);
    // What is mounted for a container that does not see where it is: its own group.
    const { point, root } = found ?? candidates[0] ?? {};
    if (point === undefined || root === undefined) return [];
    return ancestors(point, below(root, path) ?? "").map((folder) => ({ folder, version }));
  });
}

/** A file that holds a number; null where it holds another word, or is not there. */
function readNumber(system: SystemCalls, path: string): number | null {
  const text = system.read(path)?.trim() ?? "";
  return /^\d+$/.test(text) ? Number(text) : null;
}

function quotaOf(system: SystemCalls, { folder, version }: Group): number | null {
  const [quota, period] = version === 2
    ? (system.read(join(folder, "cpu.max")) ?? "").trim().split(" ").map(Number)
    : [readNumber(system, join(folder, "cpu.cfs_quota_us")), readNumber(system, join(folder, "cpu.cfs_period_us"))];
  const processors = (quota ?? NaN) / (period ?? NaN);
  return Number.isFinite(processors) && processors > 0 ? processors : null;
}

function usedMemory(system: SystemCalls, { folder, version }: Group): number | null {
  const all = readNumber(system, join(folder, version === 2 ? "memory.current" : "memory.usage_in_bytes"));
  if (all === null) return null;
  // Version 1 has a group's own pages under the plain name, and with those of its inner groups under this one.
  const name = version === 2 ? "inactive_file" : "total_inactive_file";
  const inactive = new RegExp(`^${name} (\\d+)$`, "m").exec(system.read(join(folder, "memory.stat")) ?? "")?.[1];
  return Math.max(0, all - Number(inactive ?? 0));
}

/** The tightest limit of processor time; null where there is none. */
export function readProcessorQuota(system: SystemCalls): ProcessorQuota | null {
  let tightest: ProcessorQuota | null = null;
  for (const group of groupsOf(system, "cpu")) {
    const processors = quotaOf(system, group);
    if (processors !== null && processors < (tightest?.processors ?? Infinity)) {
      tightest = { processors, folder: group.folder };
    }
  }
  return tightest;
}

/** Every limit of memory, the tightest first. */
export function readMemoryQuotas(system: SystemCalls): readonly MemoryQuota[] {
  const quotas = groupsOf(system, "memory").flatMap((group) => {
    const name = group.version === 2 ? "memory.max" : "memory.limit_in_bytes";
    const limit = readNumber(system, join(group.folder, name));
    if (limit === null || limit >= NO_LIMIT) return [];
    return [{ limit, used: usedMemory(system, group), folder: group.folder }];
  });
  return quotas.sort((a, b) => a.limit - b.limit);
}
