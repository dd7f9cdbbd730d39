/**
 * Which folders of a tree hold the images to train on and those to test with.
 *
 * @module
 */
import { join } from "node:path";
import { InvalidInputError } from "../errors.ts";
import { listFolder } from "./image_tree.ts";
import { escapeName, looksOf } from "./names.ts";
import { SelectionCounts } from "./selection.ts";

/** Names of the folder with the images to test with; the first that is there is taken. */
const TEST_FOLDERS = ["test", "val"];

/** Names that people give to the two folders; only `train`, `test` and `val` as they are here are read. */
const trainName = /^(train|training)([-_ ]?(set|data|images|split))?$/i;
const testName = /^(test|testing|val|valid|validation|dev|eval|evaluation)([-_ ]?(set|data|images|split))?$/i;

/** The folders of a tree. */
export interface SplitFolders {
  /** Path of the folder with the class folders to train on. */
  readonly train: string;
  /** Path of the folder with those to test with; null if there is none. */
  readonly test: string | null;
  /** Whether class folders lie in the tree's own folder, all of them to train on. */
  readonly isPlain: boolean;
}

/** Refuses a folder whose name nearly is a split's: it would be read as a class, or not at all. */
function refuseMisnamed(folder: string, name: string | undefined, wanted: string): void {
  if (name === undefined) return;
  throw new InvalidInputError(
    `${escapeName(join(folder, name))} is not read under this name: rename it ${wanted}, ` +
      `move it elsewhere, or, if it is a class, put all class folders in ${escapeName(join(folder, "train"))}`,
  );
}

/** Refuses a split behind a link that leads nowhere: its images would be left out without a word. */
function refuseDeadSplit(folder: string, deadLinks: readonly string[], name: string | undefined): void {
  if (name === undefined || !deadLinks.includes(name)) return;
  throw new InvalidInputError(
    `${escapeName(join(folder, name))} is a link that leads nowhere or may not be followed: ` +
      `let it lead to the folder of the images to ${name === "train" ? "train on" : "test with"}, or remove it`,
  );
}

/** Refuses a folder that holds splits of its own where class folders are: all of them would be read as one class. */
function refuseInnerSplits(folder: string, name: string): void {
  const inner = join(folder, name);
  const { folders } = listFolder(inner, new SelectionCounts());
  const train = folders.find((split) => trainName.test(looksOf(split)));
  const test = folders.find((split) => testName.test(looksOf(split)));
  if (train === undefined || test === undefined) return;
  const [path, trainPath, testPath] = [inner, join(folder, "train", name), join(folder, "test", name)].map(escapeName);
  throw new InvalidInputError(
    `${path} holds folders ${train} and ${test}, and would be read as one class: give --data ${path}, or, ` +
      `if it is a class, put its images in ${trainPath} and ${testPath}`,
  );
}

/**
 * Finds the folders of a tree.
 *
 * @param counts told of what lies beside them.
 * @param areListed whether the classes are named elsewhere: other folders beside them are left out then.
 * @throws {InvalidInputError} if the tree holds `test` or `val` without `train`, a folder such as `Train` or `validation`, a split
 * behind a link that leads nowhere, or no `train` and a folder with splits of its own.
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
      `${escapeName(folder)} holds a folder ${test} and no folder train: ` +
        `put the images to train on in ${escapeName(join(folder, "train"))}, ` +
        `or give --data ${escapeName(join(folder, test))} to train on that folder`,
    );
  }
  if (!hasTrain) {
    if (!areListed) folders.forEach((name) => refuseInnerSplits(folder, name));
    // Class folders are listed once more, and what lies beside them is counted then.
    return { train: folder, test: null, isPlain: true };
  }
  counts.addHidden(beside);
  for (const name of files) counts.ignoreFile(name);
  for (const name of deadLinks) counts.ignoreFile(name, "dead link");
  for (const name of folders) if (name !== "train" && name !== test) counts.ignoreFolder(name);
  return { train: join(folder, "train"), test: test === undefined ? null : join(folder, test), isPlain: false };
}
