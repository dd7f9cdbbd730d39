/**
 * Names of runs, each the name of a folder: the same on every file system, or refused.
 *
 * @module
 */
import type { Scalar } from "./spec.ts";

/** Bytes of a name at most: file systems allow 255, and the names of temporary files and of tasks add to a run's own. */
const LONGEST_NAME = 220;

/** Letters of a name that a message repeats. */
const QUOTED = 60;

/** What varies, in words. */
export function describeVaried(varied: Readonly<Record<string, Scalar>>): string {
  return Object.entries(varied).map(([key, value]) => `${key}=${value}`).join(",");
}

/** A text as a folder's name: letters and digits of all scripts stay, in one spelling; blanks and other characters become `_`. */
export function folderName(text: string): string {
  return text.normalize("NFC").replace(/[^\p{L}\p{M}\p{N}_.+=,-]+/gu, "_");
}

/** Why a folder may not have a name, with the remedy; null if it may. */
export function faultOfName(name: string): string | null {
  if (!/[\p{L}\p{N}]/u.test(name)) return "give a name with a letter or a digit";
  // Among them are `.` and `..`; and runs that are being made have such names for a moment.
  if (name.startsWith(".")) return "a run's name may not begin with a dot; give another";
  const bytes = new TextEncoder().encode(name).length;
  if (bytes <= LONGEST_NAME) return null;
  return `has ${bytes} bytes, and a folder's name here at most ${LONGEST_NAME}; give the run a shorter name under runs`;
}

/** A name for messages, of a long one its beginning. */
export function quoteName(name: string): string {
  const letters = [...name];
  return JSON.stringify(letters.length <= QUOTED ? name : `${letters.slice(0, QUOTED).join("")}...`);
}

/** What a file system that ignores case, or the spelling of accents, takes a name for. */
export function foldedName(name: string): string {
  // To capitals first: some small letters are others of these, or two.
  return name.normalize("NFKC").toUpperCase().toLowerCase();
}
