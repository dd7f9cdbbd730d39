// Types of what sluice uses of @std/path: npm's package has none. Delete this file when the package comes from JSR.

declare module "@std/path" {
  /** The last part of a path, without trailing slashes and `suffix`. The root is its own last part: `/`. */
  export function basename(path: string | URL, suffix?: string): string;
  /** The path of the folder that holds a path. */
  export function dirname(path: string | URL): string;
  /** True if a path begins at the root. */
  export function isAbsolute(path: string): boolean;
  /** One normalised path of several parts; an absolute part does not start afresh. */
  export function join(path: string | URL, ...paths: string[]): string;
  /** A path without `.`, `..` and repeated slashes, as far as its text alone tells. */
  export function normalize(path: string | URL): string;
  /** The path that leads from one path to another; empty if they are the same. */
  export function relative(from: string, to: string): string;
  /** An absolute path of the parts from the last absolute part on; without one, they follow the current folder. */
  export function resolve(...pathSegments: string[]): string;
  /** What separates the folders of `PATH`. */
  export const DELIMITER: ":" | ";";
}

declare module "@std/path/posix" {
  export { basename, dirname, isAbsolute, join, normalize, relative, resolve } from "@std/path";
}
