/**
 * The data set `images`: the user's own images without classes.
 *
 * @module
 */
import { InvalidInputError } from "../../errors.ts";
import type { Dataset, DatasetOptions, DatasetSource, FileImages } from "../dataset.ts";
import { FileSets } from "../file_set.ts";
import { imagesUnder, noImages } from "../image_tree.ts";
import { imageNetConstants } from "../imagenet_constants.ts";
import { SelectionCounts } from "../selection.ts";
import { paperView } from "../view_recipe.ts";

/** JPEG and PNG files at any depth of a folder, for training. There are no labels for evaluation. */
export const images: DatasetSource<Dataset<FileImages>> = {
  name: "images",
  description: "your own images without classes, to train on: JPEG or PNG files at any depth of a folder",
  archive: null,
  folder: null,
  remedy: "give --data DIR with JPEG or PNG files at any depth",
  constants: imageNetConstants,
  side: null,
  officialCounts: null,
  open(options: DatasetOptions): Dataset<FileImages> {
    const { data, classList, testImages, trainImages } = options;
    if (data === undefined) {
      throw new InvalidInputError("data set images needs --data: give --data DIR, a folder of images");
    }
    if (classList !== undefined) {
      throw new InvalidInputError(
        `--class-list ${classList}: images has no classes; remove the option, or use --dataset folder`,
      );
    }
    if (testImages !== undefined) {
      throw new InvalidInputError(`--test-images ${testImages}: images has no labelled test images; remove the option`);
    }
    const counts = new SelectionCounts();
    const paths = imagesUnder(data, counts);
    if (paths.length === 0) throw noImages(data, "give --data a folder of JPEG or PNG files");
    using sets = new FileSets(options);
    const pretraining = sets.open("train-images", { paths, labels: null }, trainImages);
    const { skipped } = sets;
    const views = [paperView, paperView] as const;
    const selection = counts.finish("images", { train: pretraining.count }, [], null);
    const origin = { folder: data, files: [], selection };
    return { name: "images", classes: [], ...imageNetConstants, pretraining, labelled: null, views, skipped, origin };
  },
};
