/**
 * Data sets, the views drawn of their images, and the batches of an epoch.
 *
 * @module
 */

export * from "./augmentation.ts";
export * from "./dataset.ts";
export * from "./datasets/mod.ts";
export * from "./loader.ts";
export * from "./view_recipe.ts";
