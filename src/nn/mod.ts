/**
 * Layers: modules that own parameters and call operations.
 *
 * @module
 */
export * from "./batch_norm_layer.ts";
export * from "./conv2d_layer.ts";
export * from "./initialisation.ts";
export * from "./layer_norm.ts";
export * from "./linear_layer.ts";
export * from "./module.ts";
export * from "./parameter.ts";
