/**
 * Fetches the official archive of a data set, in one process at a time.
 *
 * @module
 */
import { join } from "@std/path";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { mayWriteTo } from "../machine/storage.ts";
import { InvalidInputError } from "../errors.ts";
import { FileLock, type LockHolder, makeFolder } from "../formats/mod.ts";
import { type Archive, mostArchiveBytes } from "./archive.ts";
import { checkMd5, download, type DownloadProgress } from "./download.ts";
import { isUnpacked, makePartial, unpackFolder } from "./unpack.ts";

/** Options for fetching an archive. */
export interface FetchOptions {
  /** Path of an archive that is already on disk; null to use the one in the folder, or else download it. */
  readonly from: string | null;
  /** Reports the progress of a download. */
  progress(state: DownloadProgress): void;
  /** Called once if another process is fetching the same data set and this process waits for it. */
  waits(holder: LockHolder): void;
}

/** An archive on disk. */
interface Obtained {
  readonly path: string;
  /** Whether this process downloaded it and removes it after unpacking. */
  readonly own: boolean;
}

/**
 * Finds the archive: the given file, or one in the folder, or else a download.
 *
 * @param place folder for the download.
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

/** Removes leftovers of killed processes. Call it only while holding the lock. */
function removeLeftovers({ folder }: Archive, parent: string): void {
  const leftovers = readdirSync(parent).filter((name) => name.startsWith(`.${folder}.partial`));
  for (const name of leftovers) rmSync(join(parent, name), { recursive: true, force: true });
}

/**
 * Gets the archive and unpacks it.
 *
 * @param isLocked whether the file system has locks, so that no other process does the same.
 */
async function getAndUnpack(archive: Archive, parent: string, options: FetchOptions, isLocked: boolean) {
  using undone = new DisposableStack();
  let place = parent;
  if (isLocked) removeLeftovers(archive, parent);
  else {
    // Without locks, processes must not append to the same file: each downloads into its own folder and cannot
    // continue.
    place = makePartial(parent, archive);
    undone.defer(() => rmSync(place, { recursive: true, force: true }));
  }
  const { path, own } = await obtain(archive, parent, place, options);
  const isNew = await unpackFolder(path, archive, parent);
  if (own) rmSync(path, { force: true });
  return isNew;
}

/**
 * Fetches the files of a data set into its folder in `parent`. If several processes do so at the same time, one does
 * the work and the others wait for it.
 *
 * @returns whether this process made the folder; false if it already existed with all its files.
 * @throws {InvalidInputError} if the archive is damaged or a different one, the folder exists but lacks files, or
 * `parent` cannot be written.
 * @throws {SluiceError} if the archive cannot be downloaded; the part that has arrived stays for the next attempt.
 * @throws {StorageError} if there is no space or no permission.
 */
export async function fetchArchive(archive: Archive, parent: string, options: FetchOptions): Promise<boolean> {
  const folder = join(parent, archive.folder);
  if (isUnpacked(folder, archive)) return false;
  makeFolder(parent);
  if (!mayWriteTo(parent)) throw new InvalidInputError(`${parent}: cannot be written; give --data another folder`);
  const lockPath = join(parent, `.${archive.folder}.lock`);
  using lock = await FileLock.takeWhenFree(lockPath, folder, (holder) => options.waits(holder));
  try {
    if (isUnpacked(folder, archive)) return false;
    return await getAndUnpack(archive, parent, options, lock.noLocks === null);
  } finally {
    lock.remove();
  }
}
