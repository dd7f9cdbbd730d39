/**
 * What is mounted where, and how.
 *
 * @module
 */
import type { SystemCalls } from "./system_calls.ts";

/** A mounted file system. */
export interface Mount {
  /** The folder that it is mounted on. */
  readonly point: string;
  /** `ext4`, `tmpfs`, `overlay`. */
  readonly type: string;
  /** Whether nothing on it can be executed, a native library neither. */
  readonly noexec: boolean;
  /** Whether nothing on it can be written. */
  readonly readOnly: boolean;
}

/** A path as the kernel writes it in its tables, with blanks, newlines and backslashes as octal numbers. */
export function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)));
}

/** Whether `path` is `folder` or lies in it. */
export function isWithin(path: string, folder: string): boolean {
  return folder === "/" || path === folder || path.startsWith(`${folder}/`);
}

/** The mounts of this process, in their order. */
export function readMounts(system: SystemCalls): readonly Mount[] {
  return (system.read("/proc/self/mounts") ?? "").split("\n").flatMap((line) => {
    const [, point, type, options] = line.split(" ");
    if (point === undefined || type === undefined || options === undefined) return [];
    const set = options.split(",");
    return [{ point: unescapeOctal(point), type, noexec: set.includes("noexec"), readOnly: set.includes("ro") }];
  });
}

/**
 * The mount that a path lies on: that on the longest folder, of several on one folder the last, which hides the others.
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
