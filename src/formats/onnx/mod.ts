/**
 * Models in the Open Neural Network Exchange format.
 *
 * @module
 */
export * from "./file.ts";
export * from "./model.ts";
