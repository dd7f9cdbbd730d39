/**
 * Reads the table of mounted file systems, and finds the mount of a path.
 *
 * @module
 */
import type { SystemCalls } from "./system_calls.ts";

/** A mounted file system. */
export interface Mount {
  /** The folder on which it is mounted. */
  readonly point: string;
  /** The type, such as `ext4`, `tmpfs` or `overlay`. */
  readonly type: string;
  /** Whether it is mounted noexec: no program on it runs, and no native library on it loads. */
  readonly noexec: boolean;
  /** Whether it is mounted read-only. */
  readonly readOnly: boolean;
}

/** Decodes a path from the kernel's tables, which write blanks, newlines and backslashes as `\ooo` in octal. */
export function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)));
}

/** Whether `path` is `folder` or lies in it. */
export function isWithin(path: string, folder: string): boolean {
  return folder === "/" || path === folder || path.startsWith(`${folder}/`);
}

/** The mounts of this process, in the order in which they were mounted. */
export function readMounts(system: SystemCalls): readonly Mount[] {
  return (system.read("/proc/self/mounts") ?? "").split("\n").flatMap((line) => {
    const [, point, type, options] = line.split(" ");
    if (point === undefined || type === undefined || options === undefined) return [];
    const set = options.split(",");
    return [{ point: unescapeOctal(point), type, noexec: set.includes("noexec"), readOnly: set.includes("ro") }];
  });
}

/**
 * The mount that holds a path: the innermost one. Of several mounts on one folder, the last hides the others.
 *
 * @param path absolute, without symbolic links.
 */
export function mountOf(path: string, mounts: readonly Mount[]): Mount | null {
  let found: Mount | null = null;
  for (const mount of mounts) {
    if (isWithin(path, mount.point) && mount.point.length >= (found?.point.length ?? 0)) found = mount;
  }
  return found;
}
