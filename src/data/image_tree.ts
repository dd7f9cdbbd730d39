/**
 * Folders of image files, as they are on disk.
 *
 * @module
 */
import { join } from "node:path";
import { InvalidInputError } from "../errors.ts";
import { folderError } from "./folder_error.ts";
import { escapeName, isSystemName, looksOf, spelledName } from "./names.ts";
import { SelectionCounts } from "./selection.ts";

/** Ends of the names of image files, in any case. */
const imageName = /\.(jpe?g|png)$/i;
/** The same, listed for people. */
const IMAGE_NAMES = ".jpg, .jpeg or .png";

/** What is in a folder, links followed, names in the order of their characters. */
export interface Listing {
  /** Files, and links to files. */
  readonly files: readonly string[];
  /** Folders, and links to folders. */
  readonly folders: readonly string[];
  /** Links that lead nowhere, or to where this user may not look. */
  readonly deadLinks: readonly string[];
}

/**
 * Lists a folder without what is hidden or an operating system's.
 *
 * @param counts told of each entry that is left out.
 * @throws {InvalidInputError} if the folder cannot be read, or holds an image or a folder whose name is not UTF-8.
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

/** Does something with a folder. @throws {InvalidInputError} if there is no such folder, or it may not be looked into. */
function withFolder<T>(folder: string, look: () => T): T {
  try {
    return look();
  } catch (error) {
    throw folderError(folder, error);
  }
}

/** Refuses a name that is not UTF-8: its bytes are replaced when it is listed, and no path leads to it. */
function requireUtf8(folder: string, name: string): void {
  if (!name.includes("\ufffd")) return;
  try {
    Deno.lstatSync(join(folder, name));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw folderError(join(folder, name), error);
    throw new InvalidInputError(
      `${escapeName(join(folder, name))}: the name is not UTF-8 (\ufffd stands for its other bytes); ` +
        `rename it, with convmv -r -f latin1 -t utf8 --notest for one`,
    );
  }
}

/** What a link leads to. */
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
 * Every image file in a folder and in those inside it, links followed; in a folder its own files first, names in the order of
 * their characters. A link that leads nowhere is taken for a damaged image if its name is an image's.
 *
 * @param counts told of everything that is left out.
 * @throws {InvalidInputError} if a folder cannot be read, or a link leads back to a folder that holds it.
 */
export function imagesUnder(folder: string, counts: SelectionCounts, above: readonly string[] = []): string[] {
  const real = withFolder(folder, () => Deno.realPathSync(folder));
  if (above.some((holder) => holder === real || holder.startsWith(join(real, "/")))) {
    throw new InvalidInputError(`${escapeName(folder)} is a link to a folder that it lies in: remove the link`);
  }
  const { files, folders, deadLinks } = listFolder(folder, counts);
  const isImage = (name: string) => imageName.test(name);
  for (const name of files) if (!isImage(name)) counts.ignoreFile(name);
  for (const name of deadLinks) if (!isImage(name)) counts.ignoreFile(name, "dead link");
  const own = [...files, ...deadLinks].filter(isImage).sort().map((name) => join(folder, name));
  // Not flatMap with spread arguments: a folder may hold more files than a call takes arguments.
  return own.concat(...folders.map((name) => imagesUnder(join(folder, name), counts, [...above, real])));
}

/** Images by the folder that they are in. */
export interface LabelledPaths {
  /** Paths [count]. */
  readonly paths: readonly string[];
  /** int32 [count], indices into the classes. */
  readonly labels: Int32Array<ArrayBuffer>;
}

/** The error for a link at the place of a class folder. */
export function deadClassLink(path: string): InvalidInputError {
  return new InvalidInputError(
    `${escapeName(path)} is a link that leads nowhere or may not be followed, where class folders are: ` +
      "let it lead to the folder of the class, or remove it",
  );
}

/** Counts the files beside class folders, images among them. */
function countBeside(files: readonly string[], counts: SelectionCounts): void {
  for (const name of files) {
    const ending = imageName.exec(name)?.[0].toLowerCase();
    counts.ignoreFile(name, ending && `${ending} outside class folders`);
  }
}

/** Counts what lies beside the folders of given classes. */
export function countBesideClasses(folder: string, classes: readonly string[], counts: SelectionCounts): void {
  const { files, folders, deadLinks } = listFolder(folder, counts);
  const wanted = new Set(classes);
  for (const name of [...folders, ...deadLinks]) if (!wanted.has(name)) counts.ignoreFolder(name);
  countBeside(files, counts);
}

/**
 * The names of the class folders in a folder.
 *
 * @param counts told of files beside the class folders.
 * @throws {InvalidInputError} if there are none, two look alike, or a link leads nowhere, which may be a class.
 */
export function classFolders(folder: string, counts: SelectionCounts): readonly string[] {
  const { files, folders, deadLinks } = listFolder(folder, counts);
  const [dead] = deadLinks;
  if (dead !== undefined) throw deadClassLink(join(folder, dead));
  if (folders.length === 0) {
    const hasImages = files.some((name) => imageName.test(name));
    const other = hasImages ? ", or give --dataset images to train without classes" : "";
    throw new InvalidInputError(
      `${escapeName(folder)} holds no class folders: put each class's images in a folder of its own there${other}`,
    );
  }
  refuseAlike(folder, folders);
  countBeside(files, counts);
  return folders;
}

/** Refuses two class folders that a reader cannot tell apart. */
function refuseAlike(folder: string, names: readonly string[]): void {
  const seen = new Map<string, string>();
  for (const name of names) {
    const looks = looksOf(name);
    const other = seen.get(looks);
    if (other !== undefined) {
      throw new InvalidInputError(
        `${escapeName(folder)} holds two class folders that look alike, ` +
          `${spelledName(other)} and ${spelledName(name)}: merge them, or rename one`,
      );
    }
    seen.set(looks, name);
  }
}

/**
 * The images of each class.
 *
 * @param classes names of folders in `folder`.
 * @param counts told of everything that is left out.
 * @throws {InvalidInputError} if a class is missing or holds no image.
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

/** The error for a folder without images, which says what it holds instead. */
export function noImages(folder: string, remedy: string): InvalidInputError {
  const counts = new SelectionCounts();
  imagesUnder(folder, counts);
  const ignored = counts.describeIgnored();
  const held = ignored === "" ? "" : ` (but ${ignored}; only JPEG and PNG are read)`;
  return new InvalidInputError(`${escapeName(folder)} holds no image${held}: ${remedy}`);
}
