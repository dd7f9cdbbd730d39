/**
 * Examines the folders that sluice reads and writes: free space, permissions, and how their file systems are mounted.
 *
 * @module
 */
import { dirname, join, resolve } from "@std/path";
import { existsSync, lstatSync, readdirSync, realpathSync, statfsSync } from "node:fs";
import { homedir } from "node:os";
import { type Mount, mountOf, readMounts } from "./mounts.ts";
import { cacheFolder } from "./packaged.ts";
import { SystemCalls } from "./system_calls.ts";

/** A folder and its file system. A folder that does not exist yet is judged by its nearest existing parent. */
export interface FolderReport {
  /** The absolute path. */
  readonly path: string;
  /** Whether the folder exists; true if that is unknown. */
  readonly exists: boolean;
  /** Whether this process may write to the folder or create it; null if that is unknown. */
  readonly writable: boolean | null;
  /** Bytes that this process may still write; null if that is unknown. */
  readonly free: number | null;
  /** The folder where the file system is mounted; null if that is unknown. */
  readonly mount: string | null;
  /** The file system's type, such as `ext4`, `tmpfs` or `overlay`; null if that is unknown. */
  readonly type: string | null;
  /** Whether it is mounted noexec: no program on it runs, and no native library on it loads. */
  readonly noexec: boolean;
  /** Whether the file system is mounted read-only. */
  readonly readOnly: boolean;
}

/** The folder into which the packaged executable unpacked its files. */
export interface CacheReport extends FolderReport {
  /** The total size of its files in bytes. */
  readonly bytes: number;
}

/** The folders that sluice uses. */
export interface StorageReport {
  /** The current folder. */
  readonly current: FolderReport;
  /** The folder of the data sets. */
  readonly data: FolderReport;
  /** The folder for temporary files. */
  readonly temporary: FolderReport;
  /** The user's home folder. */
  readonly home: FolderReport;
  /** The folder of the packaged executable's files; null in a checkout. */
  readonly cache: CacheReport | null;
}

/**
 * The path itself or its nearest existing parent; null if Deno denies access (it does for /dev/shm without
 * --allow-all).
 */
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
    // Not permitted, or the file system does not report its free space.
    return null;
  }
}

/** Whether this process may write to a folder; true if that is unknown. */
export function mayWriteTo(folder: string): boolean {
  using system = new SystemCalls();
  return system.mayWrite(folder) ?? true;
}

/** Examines a folder, which need not exist yet. */
export function examineFolder(system: SystemCalls, mounts: readonly Mount[], folder: string): FolderReport {
  const path = resolve(folder);
  const existing = existingPart(path);
  const mount = mountOf(existing === null ? path : realpathSync(existing), mounts);
  return {
    path,
    exists: existing === null || existing === path,
    writable: existing === null ? false : system.mayWrite(existing),
    free: existing === null ? null : freeBytes(existing),
    mount: mount?.point ?? null,
    type: mount?.type ?? null,
    noexec: mount?.noexec ?? false,
    readOnly: mount?.readOnly ?? false,
  };
}

/** The total size in bytes of all files in a folder, with its subfolders; 0 if it does not exist or cannot be read. */
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

/** Examines every folder that sluice uses. */
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
