/**
 * The data sets, one file each.
 *
 * @module
 */

export * from "./cifar10.ts";
export * from "./cifar100.ts";
export * from "./folder.ts";
export * from "./imagenet100.ts";
export * from "./images.ts";
export * from "./registry.ts";
export * from "./shapes.ts";
export * from "./stl10.ts";
