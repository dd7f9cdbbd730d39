/**
 * Finds the folders of a tree that contain the training and test images.
 *
 * @module
 */
import { join } from "@std/path";
import { InvalidInputError } from "../errors.ts";
import { listFolder } from "./image_tree.ts";
import { escapeName, looksOf } from "./names.ts";
import { SelectionCounts } from "./selection.ts";

/** Names of the folder with the test images; the first that exists is used. */
const TEST_FOLDERS = ["test", "val"];

/** Matches other names that people give to the training folder. Only `train` itself is read. */
const trainName = /^(train|training)([-_ ]?(set|data|images|split))?$/i;
/** Matches other names that people give to the test folder. Only `test` and `val` are read. */
const testName = /^(test|testing|val|valid|validation|dev|eval|evaluation)([-_ ]?(set|data|images|split))?$/i;

/** The folders of the training and test images. */
export interface SplitFolders {
  /** Path of the folder with the class folders for training. */
  readonly train: string;
  /** Path of the folder with the class folders for testing; null if there is none. */
  readonly test: string | null;
  /** Whether the class folders are directly in the tree's folder, without `train`. */
  readonly isPlain: boolean;
}

/** Refuses a folder with a name similar to a split's, which would be read as a class or ignored. */
function refuseMisnamed(folder: string, name: string | undefined, wanted: string): void {
  if (name === undefined) return;
  throw new InvalidInputError(
    `${escapeName(join(folder, name))} is not read under this name: rename it to ${wanted}, ` +
      `move it elsewhere, or, if it is a class, put all class folders in ${escapeName(join(folder, "train"))}`,
  );
}

/** Refuses a split that is a dead link: its images would be missing without notice. */
function refuseDeadSplit(folder: string, deadLinks: readonly string[], name: string | undefined): void {
  if (name === undefined || !deadLinks.includes(name)) return;
  throw new InvalidInputError(
    `${escapeName(join(folder, name))} is a link whose target is missing or may not be accessed: ` +
      `point it to the folder of the ${name === "train" ? "training" : "test"} images, or remove it`,
  );
}

/** Refuses a folder with splits in place of a class folder: it would be read as a single class. */
function refuseInnerSplits(folder: string, name: string): void {
  const inner = join(folder, name);
  const { folders } = listFolder(inner, new SelectionCounts());
  const train = folders.find((split) => trainName.test(looksOf(split)));
  const test = folders.find((split) => testName.test(looksOf(split)));
  if (train === undefined || test === undefined) return;
  const [path, trainPath, testPath] = [inner, join(folder, "train", name), join(folder, "test", name)].map(escapeName);
  throw new InvalidInputError(
    `${path} contains folders ${train} and ${test}, and would be read as one class: give --data ${path}, or, ` +
      `if it is a class, put its images in ${trainPath} and ${testPath}`,
  );
}

/**
 * Finds the folders of the training and test images.
 *
 * @param counts counts the entries beside these folders.
 * @param areListed whether the classes are known by name: other folders are then ignored.
 * @throws {InvalidInputError} if the tree has `test` or `val` without `train`, a folder such as `Train` or
 * `validation`, a split that is a dead link, or, without `train`, a folder that contains splits.
 */
export function findSplits(folder: string, counts: SelectionCounts, areListed: boolean): SplitFolders {
  const beside = new SelectionCounts();
  const { files, folders, deadLinks } = listFolder(folder, beside);
  const hasTrain = folders.includes("train");
  const test = TEST_FOLDERS.find((name) => folders.includes(name) || deadLinks.includes(name));
  for (const name of ["train", test]) refuseDeadSplit(folder, deadLinks, name);
  refuseMisnamed(folder, folders.find((name) => name !== "train" && trainName.test(looksOf(name))), "train");
  if (test === undefined) refuseMisnamed(folder, folders.find((name) => testName.test(looksOf(name))), "test");
  if (!hasTrain && test !== undefined) {
    throw new InvalidInputError(
      `${escapeName(folder)} has a folder ${test} but no folder train: ` +
        `put the training images in ${escapeName(join(folder, "train"))}, ` +
        `or give --data ${escapeName(join(folder, test))} to train on that folder`,
    );
  }
  if (!hasTrain) {
    if (!areListed) folders.forEach((name) => refuseInnerSplits(folder, name));
    // The caller lists the class folders again, and counts the entries beside them.
    return { train: folder, test: null, isPlain: true };
  }
  counts.addHidden(beside);
  for (const name of files) counts.ignoreFile(name);
  for (const name of deadLinks) counts.ignoreFile(name, "dead link");
  for (const name of folders) if (name !== "train" && name !== test) counts.ignoreFolder(name);
  return { train: join(folder, "train"), test: test === undefined ? null : join(folder, test), isPlain: false };
}
