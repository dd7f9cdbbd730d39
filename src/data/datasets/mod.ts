/**
 * The data sets, one file each.
 *
 * @module
 */

export * from "./cifar10.ts";
export * from "./cifar100.ts";
export * from "./registry.ts";
export * from "./shapes.ts";
