/**
 * Which process is meant: a number alone is given again to another process, and means nothing on another machine.
 *
 * @module
 */
import process from "node:process";
import { SystemCalls } from "./system_calls.ts";

/** A process, as far as it is known. */
export interface ProcessIdentity {
  /** Its number. */
  readonly pid: number;
  /** The name of its machine or container. */
  readonly host: string;
  /** When it began, in the kernel's clock ticks since the machine started. */
  readonly start: string;
}

/** Place of the start among the fields of /proc/PID/stat behind the program's name; see proc_pid_stat(5). */
const START_FIELD = 19;

/** The start of a process of this machine; null if there is no such process, or the kernel does not say. */
function startOf(system: SystemCalls, pid: number | "self"): string | null {
  const text = system.read(`/proc/${pid}/stat`) ?? "";
  // The program's name, in brackets, may hold spaces and brackets itself.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const isEnded = fields[0] === "Z" || fields[0] === "X";
  return isEnded ? null : fields[START_FIELD] ?? null;
}

function hostName(system: SystemCalls): string | null {
  return system.read("/proc/sys/kernel/hostname")?.trim() || null;
}

/** This process; null if the kernel does not say on which machine it is, or when it began. */
export function ownIdentity(root = ""): ProcessIdentity | null {
  using system = new SystemCalls(root);
  const [host, start] = [hostName(system), startOf(system, "self")];
  return host === null || start === null ? null : { pid: process.pid, host, start };
}

/** Whether a process is on this machine and has not ended: not another process that was given its number. */
export function isRunningHere({ pid, host, start }: ProcessIdentity, root = ""): boolean {
  using system = new SystemCalls(root);
  return hostName(system) === host && startOf(system, pid) === start;
}
