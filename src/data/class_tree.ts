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
import { classFolders, countBesideClasses, deadClassLink, imagesByClass, listFolder } from "./image_tree.ts";
import { imageNetConstants } from "./imagenet_constants.ts";
import { escapeName, looksOf, spelledName } from "./names.ts";
import { isFolder } from "./places.ts";
import { SelectionCounts } from "./selection.ts";
import { findSplits } from "./split_folders.ts";
import { paperView } from "./view_recipe.ts";

/** Names in a file, one a line; empty lines do not count, nor does a `/` at a name's end, which `ls -p` writes. */
function namesIn(path: string): string[] {
  try {
    const lines = readFileSync(path, "utf8").split("\n").map((line) => line.trim());
    return lines.filter((line) => line !== "").map((line) => line.replace(/(?<=[^/])\/+$/, ""));
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
  if (twice !== undefined) {
    throw new InvalidInputError(`--class-list ${path}: names ${escapeName(twice)} twice; name it once`);
  }
  const elsewhere = names.find((name) => name === "." || name === ".." || name.includes("/"));
  if (elsewhere !== undefined) {
    throw new InvalidInputError(
      `--class-list ${path}: ${escapeName(elsewhere)} is a path; give names of folders in ${
        escapeName(folder)
      }, one a line`,
    );
  }
  requireFolders(folder, names, `which --class-list ${path} names; add it, or take it off the list`);
  return names;
}

/** Refuses a folder that lacks one of some folders; one that looks the same but is spelled otherwise is named. */
function requireFolders(folder: string, names: readonly string[], remedy: string): void {
  const missing = names.find((name) => !isFolder(join(folder, name)));
  if (missing === undefined) return;
  const { folders, deadLinks } = listFolder(folder, new SelectionCounts());
  if (deadLinks.includes(missing)) throw deadClassLink(join(folder, missing));
  const alike = folders.find((name) => looksOf(name) === looksOf(missing));
  if (alike !== undefined) {
    throw new InvalidInputError(
      `${escapeName(folder)} holds no folder ${spelledName(missing)}, only one that looks the same, ` +
        `${spelledName(alike)}: spell both names alike`,
    );
  }
  throw new InvalidInputError(`${escapeName(folder)} holds no folder ${escapeName(missing)}, ${remedy}`);
}

/** What a tree of class folders is called, and which of them it has. */
export interface ClassTree {
  /** The data set's name. */
  readonly name: string;
  /** Its folder: with folders `train` and `test` or `val` of class folders, or with class folders that all are to train on. */
  readonly folder: string;
  /** The classes if nobody lists others; defaults to all folders. */
  readonly classes?: readonly string[];
}

/** The classes, all of which the folder must hold. */
function findClasses(
  tree: ClassTree,
  train: string,
  classList: string | undefined,
  counts: SelectionCounts,
): readonly string[] {
  const classes = classList !== undefined ? listedClasses(classList, train) : tree.classes;
  if (classes === undefined) return classFolders(train, counts);
  requireFolders(train, classes, `a class of ${tree.name}; give --data the folder that has it`);
  countBesideClasses(train, classes, counts);
  return classes;
}

/** Classes of the test images must be those of the training images. */
function checkTestClasses(
  { test, train }: { readonly test: string; readonly train: string },
  classes: readonly string[],
  isWhole: boolean,
  counts: SelectionCounts,
): void {
  requireFolders(test, classes, `which ${escapeName(train)} does; add it, or remove it there`);
  if (!isWhole) return countBesideClasses(test, classes, counts);
  const other = classFolders(test, counts).find((name) => !classes.includes(name));
  if (other === undefined) return;
  throw new InvalidInputError(
    `${escapeName(train)} holds no folder ${escapeName(other)}, ` +
      `which ${escapeName(test)} does; add it, or remove it there`,
  );
}

/** Said of a tree whose classes lie in its own folder. */
const PLAIN = "no folder train, so that every class folder is trained on and none tested with";

/**
 * Opens a tree of class folders, as torchvision's ImageFolder takes it: what is inside a class folder at any depth belongs to the
 * class. Without images to test with the data set has no labels to evaluate by.
 *
 * @throws {InvalidInputError} if folders are missing, empty, misnamed or do not fit each other.
 */
export function openClassTree(tree: ClassTree, options: DatasetOptions): Dataset<FileImages> {
  const { classList, trainImages, testImages } = options;
  const counts = new SelectionCounts();
  const isWhole = classList === undefined && tree.classes === undefined;
  const { train, test, isPlain } = findSplits(tree.folder, counts, !isWhole);
  const classes = findClasses(tree, train, classList, counts);
  if (test !== null) checkTestClasses({ test, train }, classes, isWhole, counts);
  const trainPaths = imagesByClass(train, classes, counts);
  const testPaths = test === null ? null : imagesByClass(test, classes, counts);
  using sets = new FileSets(options);
  const open = (option: string, paths: typeof trainPaths, asked: number | undefined): Labelled<FileImages> => {
    const { labels, ...set } = sets.open(option, paths, asked);
    return { ...set, labels: labels ?? new Int32Array() };
  };
  const pretraining = open("train-images", trainPaths, trainImages);
  const labelled = testPaths === null ? null : { train: pretraining, test: open("test-images", testPaths, testImages) };
  const splits = { train: pretraining.count, ...(labelled === null ? {} : { test: labelled.test.count }) };
  return {
    name: tree.name,
    classes,
    ...imageNetConstants,
    pretraining,
    labelled,
    views: [paperView, paperView],
    skipped: sets.skipped,
    origin: {
      folder: tree.folder,
      files: [],
      selection: counts.finish(tree.name, splits, classes, isPlain ? PLAIN : null),
    },
  };
}
