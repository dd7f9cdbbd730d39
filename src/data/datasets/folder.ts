/**
 * The data set `folder`: the user's own images in class folders.
 *
 * @module
 */
import { InvalidInputError } from "../../errors.ts";
import { openClassTree } from "../class_tree.ts";
import type { Dataset, DatasetOptions, DatasetSource, FileImages } from "../dataset.ts";
import { imageNetConstants } from "../imagenet_constants.ts";

const layout = "JPEG or PNG files in train/CLASS, and in test/CLASS or val/CLASS";

/** JPEG and PNG files in folders of classes. */
export const folder: DatasetSource<Dataset<FileImages>> = {
  name: "folder",
  description: `your own images by class: ${layout}`,
  archive: null,
  folder: null,
  remedy: `give --data DIR with ${layout}`,
  constants: imageNetConstants,
  side: null,
  officialCounts: null,
  open(options: DatasetOptions): Dataset<FileImages> {
    const { data } = options;
    if (data === undefined) {
      throw new InvalidInputError(`data set folder needs --data: give --data DIR with ${layout}`);
    }
    return openClassTree({ name: "folder", folder: data }, options);
  },
};
