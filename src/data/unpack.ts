/**
 * Unpacking an archive that may be anybody's.
 *
 * @module
 */
import { mkdirSync, renameSync, rmSync, type Stats } from "node:fs";
import { isAbsolute, join, normalize } from "node:path";
import { extract, list, type ReadEntry } from "tar";

import { InvalidInputError } from "../errors.ts";
import { isFolder } from "./places.ts";

/** Why an entry is not taken out of an archive, or null where it is harmless. */
function refusalOf({ path, type }: Pick<ReadEntry, "path" | "type">): string | null {
  if (isAbsolute(path) || normalize(path).split("/").includes("..")) return "leads out of the folder";
  if (type !== "File" && type !== "Directory" && type !== "OldFile" && type !== "ContiguousFile") {
    return `is a ${type}, neither a file nor a folder`;
  }
  return null;
}

/**
 * Unpacks `folder` out of a tar archive, compressed or not, into `parent`. It appears there at once and whole.
 *
 * @throws {InvalidInputError} where the archive is damaged, holds anything but files and folders, a path that leads out of it, or no
 * such folder; nothing is left then.
 */
export async function unpackFolder(archive: string, folder: string, parent: string): Promise<void> {
  const partial = join(parent, `.${folder}.partial`);
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  try {
    await checkEntries(archive);
    await extract({
      file: archive,
      cwd: partial,
      strict: true,
      preserveOwner: false,
      noMtime: true,
      filter: withOwnMode,
    });
    if (!isFolder(join(partial, folder))) {
      throw new InvalidInputError(`${archive}: holds no folder ${folder}; give the official archive`);
    }
    renameSync(join(partial, folder), join(parent, folder));
  } catch (error) {
    if (error instanceof InvalidInputError) throw error;
    const cause = error instanceof Error ? error.message : String(error);
    throw new InvalidInputError(`${archive}: cannot be unpacked (${cause}); fetch it again`, { cause: error });
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}

/** Gives an entry the mode of a new file or folder, less the umask, whatever mode the archive says. Every entry is taken. */
function withOwnMode(_path: string, entry: ReadEntry | Stats): true {
  entry.mode = "type" in entry && entry.type === "Directory" ? 0o777 : 0o666;
  return true;
}

/** Looks at every entry before any is written. */
async function checkEntries(archive: string): Promise<void> {
  let refusal: string | null = null;
  await list({
    file: archive,
    strict: true,
    onReadEntry: (entry) => {
      const wrong = refusalOf(entry);
      if (wrong !== null) refusal ??= `${archive}: the entry ${entry.path} ${wrong}; do not use this archive`;
    },
  });
  if (refusal !== null) throw new InvalidInputError(refusal);
}
