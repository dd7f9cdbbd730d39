/**
 * A data set out of folders of classes.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { InvalidInputError } from "../errors.ts";
import type { Dataset, DatasetOptions, FileImages, Labelled } from "./dataset.ts";
import { FileSets } from "./file_set.ts";
import { classFolders, imagesByClass } from "./image_tree.ts";
import { isFolder } from "./places.ts";
import { imageNetConstants } from "./imagenet_constants.ts";
import { paperView } from "./view_recipe.ts";

/** Names of the folder with the images to test with, the first found is taken. */
const TEST_FOLDERS = ["test", "val"];

/** Names in a file, one a line; empty lines do not count. */
function namesIn(path: string): string[] {
  try {
    return readFileSync(path, "utf8").split("\n").map((line) => line.trim()).filter((line) => line !== "");
  } catch (error) {
    throw new InvalidInputError(`--class-list ${path}: cannot be read; give a text file of folder names, one a line`, {
      cause: error,
    });
  }
}

/** The classes that a list names, all of which must be there once. */
function listedClasses(path: string, folder: string): readonly string[] {
  const names = namesIn(path);
  if (names.length === 0) throw new InvalidInputError(`--class-list ${path}: is empty; give folder names, one a line`);
  const twice = names.find((name, place) => names.indexOf(name) !== place);
  if (twice !== undefined) throw new InvalidInputError(`--class-list ${path}: names ${twice} twice; name it once`);
  requireFolders(folder, names, `which --class-list ${path} names; add it, or take it off the list`);
  return names;
}

function requireFolders(folder: string, names: readonly string[], remedy: string): void {
  const missing = names.find((name) => !isFolder(join(folder, name)));
  if (missing !== undefined) throw new InvalidInputError(`${folder} holds no folder ${missing}, ${remedy}`);
}

/** What a tree of class folders is called, and which of them it has. */
export interface ClassTree {
  /** The data set's name. */
  readonly name: string;
  /** Its folder: with folders `train` and `test` or `val` of class folders, or with class folders that all are to train on. */
  readonly folder: string;
  /** The classes where nobody lists others; all folders where left out. */
  readonly classes?: readonly string[];
}

/** The classes, and refusals of folders that do not fit them. */
function findClasses(tree: ClassTree, train: string, classList: string | undefined): readonly string[] {
  if (classList !== undefined) return listedClasses(classList, train);
  if (tree.classes === undefined) return classFolders(train);
  requireFolders(train, tree.classes, `a class of ${tree.name}; give --data the folder that has it`);
  return tree.classes;
}

/** Classes of the test images must be those of the training images. */
function checkTestClasses(test: string, train: string, classes: readonly string[], isWhole: boolean): void {
  requireFolders(test, classes, `which ${train} does; add it, or remove it there`);
  const other = isWhole ? classFolders(test).find((name) => !classes.includes(name)) : undefined;
  if (other === undefined) return;
  throw new InvalidInputError(`${train} holds no folder ${other}, which ${test} does; add it, or remove it there`);
}

/**
 * Opens a tree of class folders, as torchvision's ImageFolder takes it: what is inside a class folder at any depth belongs to the
 * class. Without images to test with the data set has no labels to evaluate by.
 *
 * @throws {InvalidInputError} where folders are missing, empty or do not fit each other.
 */
export function openClassTree(tree: ClassTree, options: DatasetOptions): Dataset<FileImages> {
  const { classList, trainImages, testImages } = options;
  const inner = join(tree.folder, "train");
  const train = isFolder(inner) ? inner : tree.folder;
  const classes = findClasses(tree, train, classList);
  const testName = train === inner ? TEST_FOLDERS.find((name) => isFolder(join(tree.folder, name))) : undefined;
  const test = testName === undefined ? null : join(tree.folder, testName);
  if (test !== null) checkTestClasses(test, train, classes, classList === undefined && tree.classes === undefined);
  const trainPaths = imagesByClass(train, classes);
  const testPaths = test === null ? null : imagesByClass(test, classes);
  using sets = new FileSets(options);
  const open = (option: string, paths: typeof trainPaths, asked: number | undefined): Labelled<FileImages> => {
    const { labels, ...set } = sets.open(option, paths, asked);
    return { ...set, labels: labels ?? new Int32Array() };
  };
  const pretraining = open("train-images", trainPaths, trainImages);
  const labelled = testPaths === null ? null : { train: pretraining, test: open("test-images", testPaths, testImages) };
  return {
    name: tree.name,
    classes,
    ...imageNetConstants,
    pretraining,
    labelled,
    views: [paperView, paperView],
    skipped: sets.skipped,
  };
}
