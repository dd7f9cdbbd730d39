/**
 * Reads the processor and memory limits of this process's control group and of all groups that contain it. Knows
 * versions 1 and 2 of the kernel's interface, and systems that mount both.
 *
 * @module
 */
import { join } from "@std/path";
import { unescapeOctal } from "./mounts.ts";
import type { SystemCalls } from "./system_calls.ts";

/** The processor time that a control group may use. */
export interface ProcessorQuota {
  /** Number of processors that the group can keep busy; may be a fraction such as 1.5. */
  readonly processors: number;
  /** The folder of the control group that sets the limit. */
  readonly folder: string;
}

/** The memory that a control group may use. */
export interface MemoryQuota {
  /** The group's limit in bytes. */
  readonly limit: number;
  /** Bytes in use, without cached file pages that the kernel can drop; null if the kernel does not report them. */
  readonly used: number | null;
  /** The folder of the control group that sets the limit. */
  readonly folder: string;
}

/** Version 1 reports "no limit" as a number just below 2^63, rounded to pages. */
const NO_LIMIT = 2 ** 62;

interface GroupMount {
  readonly root: string;
  readonly point: string;
  readonly version: 1 | 2;
  /** The mount's controllers (`cpu`, `memory`, ...); only version 1 lists them. */
  readonly controllers: readonly string[];
}

interface Group {
  readonly folder: string;
  readonly version: 1 | 2;
}

/** The mounted control group file systems; see proc_pid_mountinfo(5). */
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

/** The path of a group relative to a mounted group; null if it lies outside that mount or outside this namespace. */
function below(root: string, path: string): string | null {
  if (path.split("/").includes("..")) return null;
  if (root === "/") return path;
  return path === root || path.startsWith(`${root}/`) ? path.slice(root.length) : null;
}

/** The folder `inside` of `outermost` and all its parents up to `outermost`, the innermost first. */
function ancestors(outermost: string, inside: string): string[] {
  const parts = inside.split("/").filter((part) => part !== "");
  return Array.from({ length: parts.length + 1 }, (_, up) => join(outermost, ...parts.slice(0, parts.length - up)));
}

/** The control groups whose `controller` can limit this process, the innermost first. */
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
    // A container may not see the path of its own group. The first mount is then its group.
    const { point, root } = found ?? candidates[0] ?? {};
    if (point === undefined || root === undefined) return [];
    return ancestors(point, below(root, path) ?? "").map((folder) => ({ folder, version }));
  });
}

/** The number in a file; null if the file is missing or holds a word such as `max`. */
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
  // In version 1 only the `total_` entries include the groups inside.
  const name = version === 2 ? "inactive_file" : "total_inactive_file";
  const inactive = new RegExp(`^${name} (\\d+)$`, "m").exec(system.read(join(folder, "memory.stat")) ?? "")?.[1];
  return Math.max(0, all - Number(inactive ?? 0));
}

/** The tightest limit on processor time; null if there is none. */
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

/** Every limit on memory, the tightest first. */
export function readMemoryQuotas(system: SystemCalls): readonly MemoryQuota[] {
  const quotas = groupsOf(system, "memory").flatMap((group) => {
    const name = group.version === 2 ? "memory.max" : "memory.limit_in_bytes";
    const limit = readNumber(system, join(group.folder, name));
    if (limit === null || limit >= NO_LIMIT) return [];
    return [{ limit, used: usedMemory(system, group), folder: group.folder }];
  });
  return quotas.sort((a, b) => a.limit - b.limit);
}
