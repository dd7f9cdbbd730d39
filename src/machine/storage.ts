/**
 * The folders that sluice reads and writes: what is free there, and what may be done there.
 *
 * @module
 */
import { existsSync, lstatSync, readdirSync, realpathSync, statfsSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { type Mount, mountOf, readMounts } from "./mounts.ts";
import { cacheFolder } from "./packaged.ts";
import { SystemCalls } from "./system_calls.ts";

/** A folder, and the file system that it lies on or, where it is not there yet, will lie on. */
export interface FolderReport {
  /** Absolute. */
  readonly path: string;
  /** Whether it is there; true where that is unknown. */
  readonly exists: boolean;
  /** Whether this process may write to it, or may make it; null where that is unknown. */
  readonly writable: boolean | null;
  /** Bytes that this process may still write; null where that is unknown. */
  readonly free: number | null;
  /** Where the file system is mounted; null where that is unknown. */
  readonly mount: string | null;
  /** `ext4`, `tmpfs`, `overlay`. */
  readonly type: string | null;
  /** Whether nothing on it can be executed, a native library neither. */
  readonly noexec: boolean;
  /** Whether the file system is mounted to be read only. */
  readonly readOnly: boolean;
}

/** The folder of the packaged executable's unpacked files. */
export interface CacheReport extends FolderReport {
  /** Bytes of its files. */
  readonly bytes: number;
}

/** Every folder that matters. */
export interface StorageReport {
  /** Where the command was started. */
  readonly current: FolderReport;
  /** Where data sets lie. */
  readonly data: FolderReport;
  /** Where programs put files that nobody keeps. */
  readonly temporary: FolderReport;
  /** The user's. */
  readonly home: FolderReport;
  /** Of the packaged executable; null in a checkout. */
  readonly cache: CacheReport | null;
}

/** A path's innermost part that is there; null where Deno keeps it from programs without every permission, as /dev/shm. */
function existingPart(path: string): string | null {
  try {
    return existsSync(path) || path === dirname(path) ? path : existingPart(dirname(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return null;
    throw error;
  }
}

function freeBytes(path: string): number | null {
  try {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize;
  } catch {
    // Without the permission to ask, or on a file system that does not say.
    return null;
  }
}

/** Whether this process may write to a folder, as far as is known: true if the system does not say. */
export function mayWriteTo(folder: string): boolean {
  using system = new SystemCalls();
  return system.mayWrite(folder) ?? true;
}

/** Looks at a folder. */
export function examineFolder(system: SystemCalls, mounts: readonly Mount[], folder: string): FolderReport {
  const path = resolve(folder);
  const there = existingPart(path);
  const mount = mountOf(there === null ? path : realpathSync(there), mounts);
  return {
    path,
    exists: there === null || there === path,
    writable: there === null ? false : system.mayWrite(there),
    free: there === null ? null : freeBytes(there),
    mount: mount?.point ?? null,
    type: mount?.type ?? null,
    noexec: mount?.noexec ?? false,
    readOnly: mount?.readOnly ?? false,
  };
}

/** Bytes of all files in a folder that this process may look at; 0 where there is none. */
export function sizeOfFolder(folder: string): number {
  try {
    return readdirSync(folder, { recursive: true }).reduce((sum, name) => {
      const entry = lstatSync(join(folder, String(name)));
      return sum + (entry.isFile() ? entry.size : 0);
    }, 0);
  } catch {
    return 0;
  }
}

/** Looks at every folder that matters. */
export function examineStorage(system: SystemCalls, dataFolder: string): StorageReport {
  const mounts = readMounts(system);
  const look = (folder: string) => examineFolder(system, mounts, folder);
  const cache = cacheFolder();
  return {
    current: look("."),
    data: look(dataFolder),
    temporary: look(Deno.env.get("TMPDIR") || "/tmp"),
    home: look(homedir()),
    cache: cache === null ? null : { ...look(cache), bytes: sizeOfFolder(cache) },
  };
}
