/**
 * Opens a data set of class folders.
 *
 * @module
 */
import { join } from "@std/path";
import { readFileSync } from "node:fs";
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

/**
 * Reads the names in a file, one per line. Ignores empty lines, and a `/` at the end of a name, which `ls -p`
 * writes.
 */
function namesIn(path: string): string[] {
  try {
    const lines = readFileSync(path, "utf8").split("\n").map((line) => line.trim());
    return lines.filter((line) => line !== "").map((line) => line.replace(/(?<=[^/])\/+$/, ""));
  } catch (error) {
    throw new InvalidInputError(
      `--class-list ${path}: cannot be read; give a text file of folder names, one per line`,
      {
        cause: error,
      },
    );
  }
}

/** Reads a class list. Each class must have a folder and be listed once. */
function listedClasses(path: string, folder: string): readonly string[] {
  const names = namesIn(path);
  if (names.length === 0) {
    throw new InvalidInputError(`--class-list ${path}: is empty; give folder names, one per line`);
  }
  const twice = names.find((name, place) => names.indexOf(name) !== place);
  if (twice !== undefined) {
    throw new InvalidInputError(`--class-list ${path}: lists ${escapeName(twice)} twice; remove one`);
  }
  const elsewhere = names.find((name) => name === "." || name === ".." || name.includes("/"));
  if (elsewhere !== undefined) {
    throw new InvalidInputError(
      `--class-list ${path}: ${escapeName(elsewhere)} is a path; give names of folders in ${
        escapeName(folder)
      }, one per line`,
    );
  }
  requireFolders(folder, names, `which --class-list ${path} lists; add it, or remove it from the list`);
  return names;
}

/**
 * Checks that a folder contains all named folders. The error names a folder that looks the same but is spelled
 * differently.
 */
function requireFolders(folder: string, names: readonly string[], remedy: string): void {
  const missing = names.find((name) => !isFolder(join(folder, name)));
  if (missing === undefined) return;
  const { folders, deadLinks } = listFolder(folder, new SelectionCounts());
  if (deadLinks.includes(missing)) throw deadClassLink(join(folder, missing));
  const alike = folders.find((name) => looksOf(name) === looksOf(missing));
  if (alike !== undefined) {
    throw new InvalidInputError(
      `${escapeName(folder)} has no folder ${spelledName(missing)}, only a folder that looks the same, ` +
        `${spelledName(alike)}: spell both names the same way`,
    );
  }
  throw new InvalidInputError(`${escapeName(folder)} has no folder ${escapeName(missing)}, ${remedy}`);
}

/** A tree of class folders. */
export interface ClassTree {
  /** The data set's name. */
  readonly name: string;
  /**
   * The tree's folder. It contains `train` and `test` or `val` with class folders in each, or only class folders,
   * which are all trained on.
   */
  readonly folder: string;
  /** The classes unless `--class-list` gives others; all folders by default. */
  readonly classes?: readonly string[];
}

/** The classes of the training folder, which must contain all of them. */
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

/** Checks that the test images have the same classes as the training images. */
function checkTestClasses(
  { test, train }: { readonly test: string; readonly train: string },
  classes: readonly string[],
  isWhole: boolean,
  counts: SelectionCounts,
): void {
  requireFolders(test, classes, `which ${escapeName(train)} has; add it, or remove it there`);
  if (!isWhole) return countBesideClasses(test, classes, counts);
  const other = classFolders(test, counts).find((name) => !classes.includes(name));
  if (other === undefined) return;
  throw new InvalidInputError(
    `${escapeName(train)} has no folder ${escapeName(other)}, ` +
      `which ${escapeName(test)} has; add it, or remove it there`,
  );
}

/** The note for a tree without `train`. */
const PLAIN = "there is no folder train: all class folders are trained on, and there is no test set";

/**
 * Opens a tree of class folders like torchvision's ImageFolder: all images at any depth of a class folder belong to
 * the class. Without test images, the data set has no labels for evaluation.
 *
 * @throws {InvalidInputError} if folders are missing, empty, misnamed or inconsistent.
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
