/**
 * Unpacking an archive that may be anybody's.
 *
 * @module
 */
import { mkdirSync, renameSync, rmSync } from "node:fs";
import { isAbsolute, join, normalize } from "node:path";
import type { ReadEntry } from "tar";

import { InvalidInputError, type SluiceError, StorageError } from "../errors.ts";
import { describeSystemError, reasonOf } from "../formats/mod.ts";
import type { Archive } from "./archive.ts";
import { checkEntries, extractInto } from "./archive_stream.ts";
import { isFolder } from "./places.ts";

/** Why an entry is not taken out of an archive, or null if it is harmless. */
function problemOf({ path, type }: Pick<ReadEntry, "path" | "type">): string | null {
  if (isAbsolute(path) || normalize(path).split("/").includes("..")) return "leads out of the folder";
  if (type !== "File" && type !== "Directory" && type !== "OldFile" && type !== "ContiguousFile") {
    return `is a ${type}, neither a file nor a folder`;
  }
  return null;
}

function refusalOf(entry: Pick<ReadEntry, "path" | "type">): string | null {
  const problem = problemOf(entry);
  return problem === null ? null : `the entry ${entry.path} ${problem}; do not use this archive`;
}

/**
 * Unpacks the data set's folder out of a tar archive, compressed or not, into `parent`. It appears there at once and whole.
 *
 * @throws {InvalidInputError} if the archive is damaged, holds anything but files and folders, a path that leads out of it, more than
 * the data set can need, or not the folder; nothing is left then.
 */
export async function unpackFolder(
  path: string,
  archive: Pick<Archive, "folder" | "bytes">,
  parent: string,
): Promise<void> {
  const { folder } = archive;
  const partial = join(parent, `.${folder}.partial`);
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  try {
    // Every entry is looked at before any is written.
    await checkEntries({ path, archive }, refusalOf);
    await extractInto(partial, { path, archive });
    if (!isFolder(join(partial, folder))) {
      throw new InvalidInputError(`${path}: holds no folder ${folder}; give the official archive`);
    }
    renameSync(join(partial, folder), join(parent, folder));
  } catch (error) {
    if (error instanceof InvalidInputError) throw error;
    throw unpackingError(path, error);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}

/** An archive that is damaged, or a file or folder that cannot be read or written. */
function unpackingError(archive: string, cause: unknown): SluiceError {
  const system = describeSystemError(cause);
  if (system === null) {
    return new InvalidInputError(`${archive}: cannot be unpacked (${reasonOf(cause)}); fetch it again`, { cause });
  }
  const sentence = system.path === null ? `${archive}: ${system.sentence}` : system.sentence;
  return system.isRequest ? new InvalidInputError(sentence, { cause }) : new StorageError(sentence, { cause });
}
