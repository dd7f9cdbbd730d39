/**
 * Identifies a process by number, host and start time. The system reuses process numbers, and another machine has its
 * own.
 *
 * @module
 */
import process from "node:process";
import { SystemCalls } from "./system_calls.ts";

/** A process that no other process can be mistaken for. */
export interface ProcessIdentity {
  /** The process number. */
  readonly pid: number;
  /** The host name of its machine or container. */
  readonly host: string;
  /** The start time, in the kernel's clock ticks since the machine booted. */
  readonly start: string;
}

/** Index of `starttime` among the fields of /proc/PID/stat after the program's name; see proc_pid_stat(5). */
const START_FIELD = 19;

/** The start time of a process on this machine; null if it does not run or the kernel does not report it. */
function startOf(system: SystemCalls, pid: number | "self"): string | null {
  const text = system.read(`/proc/${pid}/stat`) ?? "";
  // The program's name stands in brackets, and may itself contain spaces and brackets.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const isEnded = fields[0] === "Z" || fields[0] === "X";
  return isEnded ? null : fields[START_FIELD] ?? null;
}

function hostName(system: SystemCalls): string | null {
  return system.read("/proc/sys/kernel/hostname")?.trim() || null;
}

/** The identity of this process; null if the kernel does not report its host name or start time. */
export function ownIdentity(root = ""): ProcessIdentity | null {
  using system = new SystemCalls(root);
  const [host, start] = [hostName(system), startOf(system, "self")];
  return host === null || start === null ? null : { pid: process.pid, host, start };
}

/** Whether a process still runs on this machine. A later process with the same number does not count. */
export function isRunningHere({ pid, host, start }: ProcessIdentity, root = ""): boolean {
  using system = new SystemCalls(root);
  return hostName(system) === host && startOf(system, pid) === start;
}
