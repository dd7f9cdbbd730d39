/**
 * Data sets, augmented views of their images, and the batches of an epoch.
 *
 * @module
 */

export * from "./archive.ts";
export * from "./augmentation.ts";
export * from "./batches.ts";
export * from "./contact_sheet.ts";
export * from "./damage.ts";
export * from "./dataset.ts";
export * from "./datasets/mod.ts";
export * from "./download.ts";
export * from "./fetch.ts";
export * from "./image_names.ts";
export * from "./images/mod.ts";
export * from "./loader.ts";
export * from "./places.ts";
export * from "./resized.ts";
export * from "./selection.ts";
export * from "./splits.ts";
export * from "./unpack.ts";
export * from "./verify.ts";
export * from "./view_recipe.ts";
