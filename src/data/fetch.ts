/**
 * Fetching the official archive of a data set, by one process at a time.
 *
 * @module
 */
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { mayWriteTo } from "../machine/storage.ts";
import { InvalidInputError } from "../errors.ts";
import { FileLock, type LockHolder, makeFolder } from "../formats/mod.ts";
import { type Archive, mostArchiveBytes } from "./archive.ts";
import { checkMd5, download, type DownloadProgress } from "./download.ts";
import { isUnpacked, makePartial, unpackFolder } from "./unpack.ts";

/** How an archive is fetched. */
export interface FetchOptions {
  /** An archive that is on disk already; null to look for one in the folder, or else download it. */
  readonly from: string | null;
  /** Told how far a download is. */
  progress(state: DownloadProgress): void;
  /** Told once of another process that fetches the same, and is waited for. */
  waits(holder: LockHolder): void;
}

/** An archive on disk. */
interface Obtained {
  readonly path: string;
  /** Whether nobody but this process wants it kept. */
  readonly own: boolean;
}

/**
 * The file that was given, or one that lies in the folder, or else the archive downloaded.
 *
 * @param place folder for a download.
 */
async function obtain(archive: Archive, parent: string, place: string, options: FetchOptions): Promise<Obtained> {
  if (options.from !== null) return { path: options.from, own: false };
  const present = join(parent, archive.file);
  if (existsSync(present)) {
    checkMd5(present, archive.md5);
    return { path: present, own: false };
  }
  const path = join(place, archive.file);
  await download(archive.url, path, (state) => options.progress(state), mostArchiveBytes(archive));
  try {
    checkMd5(path, archive.md5);
  } catch (error) {
    rmSync(path);
    throw error;
  }
  return { path, own: true };
}

/** Removes what killed processes left behind; nobody else may be fetching the data set. */
function removeLeftovers({ folder }: Archive, parent: string): void {
  const leftovers = readdirSync(parent).filter((name) => name.startsWith(`.${folder}.partial`));
  for (const name of leftovers) rmSync(join(parent, name), { recursive: true, force: true });
}

/** Gets the archive and unpacks it, while the lock is held if there are locks. */
async function getAndUnpack(archive: Archive, parent: string, options: FetchOptions, isLocked: boolean) {
  using undone = new DisposableStack();
  let place = parent;
  if (isLocked) removeLeftovers(archive, parent);
  else {
    // Processes that do not see each other must not append to one file: a download then cannot go on where it stopped.
    place = makePartial(parent, archive);
    undone.defer(() => rmSync(place, { recursive: true, force: true }));
  }
  const { path, own } = await obtain(archive, parent, place, options);
  const isNew = await unpackFolder(path, archive, parent);
  if (own) rmSync(path, { force: true });
  return isNew;
}

/**
 * Brings the files of a data set into its folder in `parent`. Of several processes that do this at a time one does the work, and the
 * others wait for it.
 *
 * @returns whether this process put the folder there; false if it was there with all its files.
 * @throws {InvalidInputError} if the archive is damaged or another one, the folder is there without all its files, or `parent` cannot
 * be written to.
 * @throws {SluiceError} if the archive cannot be downloaded; what has arrived stays for the next attempt.
 * @throws {StorageError} if there is no room or no permission.
 */
export async function fetchArchive(archive: Archive, parent: string, options: FetchOptions): Promise<boolean> {
  const folder = join(parent, archive.folder);
  if (isUnpacked(folder, archive)) return false;
  makeFolder(parent);
  if (!mayWriteTo(parent)) throw new InvalidInputError(`${parent}: cannot be written to; give --data another folder`);
  const lockPath = join(parent, `.${archive.folder}.lock`);
  using lock = await FileLock.takeWhenFree(lockPath, folder, (holder) => options.waits(holder));
  try {
    if (isUnpacked(folder, archive)) return false;
    return await getAndUnpack(archive, parent, options, lock.noLocks === null);
  } finally {
    lock.remove();
  }
}
