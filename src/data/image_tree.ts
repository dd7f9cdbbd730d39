/**
 * Lists image files in folders and their subfolders.
 *
 * @module
 */
import { join } from "@std/path";
import { InvalidInputError } from "../errors.ts";
import { folderError } from "./folder_error.ts";
import { escapeName, isSystemName, looksOf, spelledName } from "./names.ts";
import { SelectionCounts } from "./selection.ts";

/** Matches names of image files by their extension, in upper or lower case. */
const imageName = /\.(jpe?g|png)$/i;
/** The extensions, for messages. */
const IMAGE_NAMES = ".jpg, .jpeg or .png";

/** The entries of a folder. Names are sorted by code unit, and links are followed. */
export interface Listing {
  /** Files, and links to files. */
  readonly files: readonly string[];
  /** Folders, and links to folders. */
  readonly folders: readonly string[];
  /** Links whose target does not exist or may not be accessed. */
  readonly deadLinks: readonly string[];
}

/**
 * Lists a folder without hidden files and the operating system's own.
 *
 * @param counts counts the entries that are left out.
 * @throws {InvalidInputError} if the folder cannot be read, or contains an image or a folder whose name is not UTF-8.
 * @throws {TooManyOpenFilesError} if the process may open no further file.
 */
export function listFolder(folder: string, counts: SelectionCounts): Listing {
  const [files, folders, deadLinks]: [string[], string[], string[]] = [[], [], []];
  for (const { name, isFile, isDirectory, isSymlink } of readFolder(folder)) {
    if (isSystemName(name)) {
      counts.hide();
      continue;
    }
    if (!isFile || imageName.test(name)) requireUtf8(folder, name);
    const target = isSymlink ? targetOf(join(folder, name)) : isDirectory ? "folder" : "file";
    if (target === "folder") folders.push(name);
    else if (target === "file") files.push(name);
    else deadLinks.push(name);
  }
  return { files: files.sort(), folders: folders.sort(), deadLinks: deadLinks.sort() };
}

function readFolder(folder: string): Deno.DirEntry[] {
  return withFolder(folder, () => [...Deno.readDirSync(folder)]);
}

/** Calls `look`, and turns a failure to read the folder into an error with a remedy. */
function withFolder<T>(folder: string, look: () => T): T {
  try {
    return look();
  } catch (error) {
    throw folderError(folder, error);
  }
}

/** Refuses a name that is not UTF-8. Deno replaces its bytes in listings, so the file cannot be opened. */
function requireUtf8(folder: string, name: string): void {
  if (!name.includes("\ufffd")) return;
  try {
    Deno.lstatSync(join(folder, name));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw folderError(join(folder, name), error);
    throw new InvalidInputError(
      `${escapeName(join(folder, name))}: the name is not UTF-8 (\ufffd marks invalid bytes); ` +
        `rename it, for example with convmv -r -f latin1 -t utf8 --notest`,
    );
  }
}

/** The kind of a link's target. */
function targetOf(path: string): "file" | "folder" | "nowhere" {
  try {
    return Deno.statSync(path).isDirectory ? "folder" : "file";
  } catch (error) {
    const nowhere = [Deno.errors.NotFound, Deno.errors.NotADirectory, Deno.errors.FilesystemLoop];
    if ([...nowhere, Deno.errors.PermissionDenied].some((kind) => error instanceof kind)) return "nowhere";
    throw folderError(path, error);
  }
}

/**
 * Lists every image file in a folder and its subfolders, following links: a folder's own files first, then its
 * subfolders, each sorted by code unit. A dead link with the name of an image counts as a damaged image.
 *
 * @param counts counts everything that is left out.
 * @throws {InvalidInputError} if a folder cannot be read, or a link leads to a folder that contains it.
 */
export function imagesUnder(folder: string, counts: SelectionCounts, above: readonly string[] = []): string[] {
  const real = withFolder(folder, () => Deno.realPathSync(folder));
  if (above.some((holder) => holder === real || holder.startsWith(join(real, "/")))) {
    throw new InvalidInputError(`${escapeName(folder)} is a link to a folder that contains it: remove the link`);
  }
  const { files, folders, deadLinks } = listFolder(folder, counts);
  const isImage = (name: string) => imageName.test(name);
  for (const name of files) if (!isImage(name)) counts.ignoreFile(name);
  for (const name of deadLinks) if (!isImage(name)) counts.ignoreFile(name, "dead link");
  const own = [...files, ...deadLinks].filter(isImage).sort().map((name) => join(folder, name));
  // Not push(...files): a folder may contain more files than a call can take arguments.
  return own.concat(...folders.map((name) => imagesUnder(join(folder, name), counts, [...above, real])));
}

/** Image files labelled by class folder. */
export interface LabelledPaths {
  /** The files' paths [count]. */
  readonly paths: readonly string[];
  /** int32 [count], indices into the classes. */
  readonly labels: Int32Array<ArrayBuffer>;
}

/** The error for a dead link in the place of a class folder. */
export function deadClassLink(path: string): InvalidInputError {
  return new InvalidInputError(
    `${escapeName(path)} is a link whose target is missing or may not be accessed, in place of a class folder: ` +
      "point it to the folder of the class, or remove it",
  );
}

/** Counts the files beside class folders, including images. */
function countBeside(files: readonly string[], counts: SelectionCounts): void {
  for (const name of files) {
    const ending = imageName.exec(name)?.[0].toLowerCase();
    counts.ignoreFile(name, ending && `${ending} outside class folders`);
  }
}

/** Counts the folders and files beside the folders of the given classes. */
export function countBesideClasses(folder: string, classes: readonly string[], counts: SelectionCounts): void {
  const { files, folders, deadLinks } = listFolder(folder, counts);
  const wanted = new Set(classes);
  for (const name of [...folders, ...deadLinks]) if (!wanted.has(name)) counts.ignoreFolder(name);
  countBeside(files, counts);
}

/**
 * Lists the class folders in a folder.
 *
 * @param counts counts the files beside the class folders.
 * @throws {InvalidInputError} if there are none, two have names that look alike, or there is a dead link, which may
 * be a class.
 */
export function classFolders(folder: string, counts: SelectionCounts): readonly string[] {
  const { files, folders, deadLinks } = listFolder(folder, counts);
  const [dead] = deadLinks;
  if (dead !== undefined) throw deadClassLink(join(folder, dead));
  if (folders.length === 0) {
    const hasImages = files.some((name) => imageName.test(name));
    const other = hasImages ? ", or give --dataset images to train without classes" : "";
    throw new InvalidInputError(
      `${escapeName(folder)} has no class folders: put the images of each class in a folder of their own there${other}`,
    );
  }
  refuseAlike(folder, folders);
  countBeside(files, counts);
  return folders;
}

/** Refuses two class folders with names that look the same. */
function refuseAlike(folder: string, names: readonly string[]): void {
  const seen = new Map<string, string>();
  for (const name of names) {
    const looks = looksOf(name);
    const other = seen.get(looks);
    if (other !== undefined) {
      throw new InvalidInputError(
        `${escapeName(folder)} has two class folders that look alike, ` +
          `${spelledName(other)} and ${spelledName(name)}: merge them, or rename one`,
      );
    }
    seen.set(looks, name);
  }
}

/**
 * Lists the images of each class.
 *
 * @param classes names of the class folders in `folder`.
 * @param counts counts everything that is left out.
 * @throws {InvalidInputError} if a class folder is missing or has no image.
 */
export function imagesByClass(folder: string, classes: readonly string[], counts: SelectionCounts): LabelledPaths {
  const byClass = classes.map((name) => {
    const images = imagesUnder(join(folder, name), counts);
    if (images.length > 0) return images;
    throw noImages(join(folder, name), `add ${IMAGE_NAMES} files, or remove the folder`);
  });
  const paths = byClass.flat();
  const labels = new Int32Array(paths.length);
  let filled = 0;
  byClass.forEach((images, label) => labels.fill(label, filled, filled += images.length));
  return { paths, labels };
}

/** The error for a folder without images. The message says what the folder contains instead. */
export function noImages(folder: string, remedy: string): InvalidInputError {
  const counts = new SelectionCounts();
  imagesUnder(folder, counts);
  const ignored = counts.describeIgnored();
  const held = ignored === "" ? "" : ` (but ${ignored}; only JPEG and PNG are read)`;
  return new InvalidInputError(`${escapeName(folder)} has no image${held}: ${remedy}`);
}
