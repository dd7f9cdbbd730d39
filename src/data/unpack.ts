/**
 * Unpacks an archive that may come from an untrusted source.
 *
 * @module
 */
import { isAbsolute, join, normalize } from "@std/path";
import { existsSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import type { ReadEntry } from "tar";

import { InvalidInputError, type SluiceError, StorageError } from "../errors.ts";
import { describeSystemError, reasonOf, storageError } from "../formats/mod.ts";
import type { Archive } from "./archive.ts";
import { checkEntries, extractInto } from "./archive_stream.ts";
import { isFolder } from "./places.ts";

/** Why an entry must not be unpacked; null if it is harmless. */
function problemOf({ path, type }: Pick<ReadEntry, "path" | "type">): string | null {
  if (isAbsolute(path) || normalize(path).split("/").includes("..")) return "points outside the folder";
  if (type !== "File" && type !== "Directory" && type !== "OldFile" && type !== "ContiguousFile") {
    return `is a ${type}, not a file or folder`;
  }
  return null;
}

function refusalOf(entry: Pick<ReadEntry, "path" | "type">): string | null {
  const problem = problemOf(entry);
  return problem === null ? null : `the entry ${entry.path} ${problem}; do not use this archive`;
}

/** The files of a data set that are missing in a folder or empty. */
export function missingFiles(folder: string, { files }: Pick<Archive, "files">): string[] {
  return files.filter((name) => {
    const path = join(folder, name);
    return !existsSync(path) || !statSync(path).isFile() || statSync(path).size === 0;
  });
}

/**
 * Whether a folder exists with all files of its data set.
 *
 * @throws {InvalidInputError} if it exists but lacks files.
 */
export function isUnpacked(folder: string, archive: Pick<Archive, "files">): boolean {
  if (!isFolder(folder)) return false;
  const [missing] = missingFiles(folder, archive);
  if (missing === undefined) return true;
  throw new InvalidInputError(
    `${folder}: is incomplete, ${missing} is missing or empty; remove this folder and fetch again`,
  );
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOTEMPTY" || error.code === "EEXIST");
}

/** Moves an unpacked folder to its place; false if another process has already put a complete folder there. */
function put(unpacked: string, place: string, archive: Pick<Archive, "files">): boolean {
  try {
    renameSync(unpacked, place);
    return true;
  } catch (error) {
    if (isTaken(error) && isUnpacked(place, archive)) return false;
    throw error;
  }
}

/**
 * Unpacks the folder of a tar archive, compressed or not, into `parent`. The folder appears complete in one step,
 * even if several processes do so at the same time.
 *
 * @returns whether this process put the folder there; false if another process was first.
 * @throws {InvalidInputError} if the archive is damaged or too large, contains anything but files and folders, has a
 * path that points outside, or lacks the folder or its files. Nothing stays behind then.
 */
export async function unpackFolder(
  path: string,
  archive: Pick<Archive, "folder" | "files" | "bytes">,
  parent: string,
): Promise<boolean> {
  const { folder } = archive;
  const partial = makePartial(parent, archive);
  try {
    const sizes = new Map<string, number>();
    // Check every entry before writing any.
    await checkEntries({ path, archive }, (entry) => {
      if (entry.type !== "Directory") sizes.set(entry.path, entry.size);
      return refusalOf(entry);
    });
    await extractInto(partial, { path, archive });
    const unpacked = join(partial, folder);
    if (!isFolder(unpacked)) {
      throw new InvalidInputError(`${path}: contains no folder ${folder}; give the official archive`);
    }
    const [missing] = missingFiles(unpacked, archive);
    if (missing !== undefined) {
      throw new InvalidInputError(`${path}: contains no ${folder}/${missing}; give the official archive`);
    }
    for (const [name, size] of sizes) {
      if (statSync(join(partial, name)).size === size) continue;
      throw new InvalidInputError(`${path}: ${name} was not unpacked completely; fetch it again`);
    }
    return put(unpacked, join(parent, folder), archive);
  } catch (error) {
    if (error instanceof InvalidInputError) throw error;
    throw unpackingError(path, error);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}

/**
 * Makes a new temporary folder for a data set, which nothing else in this or another process uses.
 *
 * @throws {StorageError} if there is no space or no permission.
 */
export function makePartial(parent: string, { folder }: Pick<Archive, "folder">): string {
  for (let attempt = 0;; attempt++) {
    const path = join(parent, `.${folder}.partial-${attempt}`);
    try {
      mkdirSync(path);
      return path;
    } catch (error) {
      if (isTaken(error)) continue;
      throw storageError(path, error);
    }
  }
}

/** The error for a damaged archive, or for a file or folder that cannot be read or written. */
function unpackingError(archive: string, cause: unknown): SluiceError {
  const system = describeSystemError(cause);
  if (system === null) {
    return new InvalidInputError(`${archive}: cannot be unpacked (${reasonOf(cause)}); fetch it again`, { cause });
  }
  const sentence = system.path === null ? `${archive}: ${system.sentence}` : system.sentence;
  return system.isRequest ? new InvalidInputError(sentence, { cause }) : new StorageError(sentence, { cause });
}
