/**
 * Names of runs, which are names of folders and must work on every file system.
 *
 * @module
 */
import type { Scalar } from "./spec.ts";

/**
 * Largest size of a name in bytes: file systems allow 255, and names of temporary files and of tasks append to a run's
 * name.
 */
const LONGEST_NAME = 220;

/** Number of characters of a name that a message quotes. */
const QUOTED = 60;

/** The varied options as `KEY=VALUE,KEY=VALUE`. */
export function describeVaried(varied: Readonly<Record<string, Scalar>>): string {
  return Object.entries(varied).map(([key, value]) => `${key}=${value}`).join(",");
}

/** The reason why a folder may not have this name, with the remedy; null if it may. */
export function faultOfName(name: string): string | null {
  if (!/[\p{L}\p{N}]/u.test(name)) return "give a name with a letter or a digit";
  // `.` and `..` are not names, and a run's folder has a dotted name while it is being made.
  if (name.startsWith(".")) return "a run's name must not begin with a dot; give another name";
  const bytes = new TextEncoder().encode(name).length;
  if (bytes <= LONGEST_NAME) return null;
  return `has ${bytes} bytes, more than the limit of ${LONGEST_NAME}; give the run a shorter name under runs`;
}

/** A quoted name for messages, cut if it is long. */
export function quoteName(name: string): string {
  const letters = [...name];
  return JSON.stringify(letters.length <= QUOTED ? name : `${letters.slice(0, QUOTED).join("")}...`);
}

/**
 * A key that is equal for two names if a file system that ignores case or the encoding of accents takes them for the
 * same.
 */
export function foldedName(name: string): string {
  // Upper case first: several lower-case letters can share a capital, and one can become two.
  return name.normalize("NFKC").toUpperCase().toLowerCase();
}
