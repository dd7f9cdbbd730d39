/**
 * Folders of image files, as they are on disk.
 *
 * @module
 */
import { join } from "node:path";
import { InvalidInputError } from "../errors.ts";
import { reasonOf } from "../formats/mod.ts";

/** Ends of the names of image files, in any case. */
const imageName = /\.(jpe?g|png)$/i;
/** How they are listed for people. */
const IMAGE_NAMES = ".jpg, .jpeg or .png";

/** What is in a folder, links followed, names in the order of their characters. */
interface Listing {
  readonly files: readonly string[];
  readonly folders: readonly string[];
}

function list(folder: string): Listing {
  const files: string[] = [];
  const folders: string[] = [];
  for (const { name, isFile, isDirectory, isSymlink } of readFolder(folder)) {
    if (isFile || (isSymlink && !isFolderLink(join(folder, name)))) files.push(name);
    else if (isDirectory || isSymlink) folders.push(name);
  }
  return { files: files.sort(), folders: folders.sort() };
}

function readFolder(folder: string): Deno.DirEntry[] {
  return withFolder(folder, () => [...Deno.readDirSync(folder)]);
}

/** Does something with a folder. @throws {InvalidInputError} where there is none, or it may not be looked into. */
function withFolder<T>(folder: string, look: () => T): T {
  try {
    return look();
  } catch (error) {
    const missing = error instanceof Deno.errors.NotFound;
    const problem = missing ? "does not exist" : error instanceof Deno.errors.NotADirectory ? "is no folder" : null;
    const cause = reasonOf(error);
    throw new InvalidInputError(`${folder} ${problem ?? `cannot be read (${cause})`}: give --data a folder of images`, {
      cause: error,
    });
  }
}

/** Whether a link leads to a folder; one that leads nowhere is taken for a file, which cannot be opened then. */
function isFolderLink(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch (error) {
    const nowhere = [Deno.errors.NotFound, Deno.errors.FilesystemLoop, Deno.errors.PermissionDenied];
    if (nowhere.some((kind) => error instanceof kind)) return false;
    throw error;
  }
}

/**
 * Every image file in a folder and in those inside it, links followed; in a folder its own files first, names in the order of
 * their characters.
 *
 * @throws {InvalidInputError} where a folder cannot be read, or a link leads back to a folder that holds it.
 */
export function imagesUnder(folder: string, above: readonly string[] = []): string[] {
  const real = withFolder(folder, () => Deno.realPathSync(folder));
  if (above.some((holder) => holder === real || holder.startsWith(join(real, "/")))) {
    throw new InvalidInputError(`${folder} is a link to a folder that it lies in: remove the link`);
  }
  const { files, folders } = list(folder);
  const own = files.filter((name) => imageName.test(name)).map((name) => join(folder, name));
  // Not flatMap with spread arguments: a folder may hold more files than a call takes arguments.
  return own.concat(...folders.map((name) => imagesUnder(join(folder, name), [...above, real])));
}

/** Images by the folder that they are in. */
export interface LabelledPaths {
  /** Paths [count]. */
  readonly paths: readonly string[];
  /** int32 [count], indices into the classes. */
  readonly labels: Int32Array<ArrayBuffer>;
}

/** The names of the class folders in a folder. @throws {InvalidInputError} where there are none. */
export function classFolders(folder: string): readonly string[] {
  const { folders } = list(folder);
  if (folders.length === 0) {
    throw new InvalidInputError(
      `${folder} holds no class folders: put each class's images in a folder of its own there`,
    );
  }
  return folders;
}

/**
 * The images of each class.
 *
 * @param classes names of folders in `folder`.
 * @throws {InvalidInputError} where one is missing or holds no image.
 */
export function imagesByClass(folder: string, classes: readonly string[]): LabelledPaths {
  const byClass = classes.map((name) => {
    const images = imagesUnder(join(folder, name));
    if (images.length > 0) return images;
    throw new InvalidInputError(`${join(folder, name)} holds no image: add ${IMAGE_NAMES} files, or remove the folder`);
  });
  const paths = byClass.flat();
  const labels = new Int32Array(paths.length);
  let filled = 0;
  byClass.forEach((images, label) => labels.fill(label, filled, filled += images.length));
  return { paths, labels };
}
