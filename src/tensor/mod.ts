/**
 * Tensors, and the scopes that own their memory.
 *
 * @module
 */
export * from "./contents.ts";
export * from "./precision.ts";
export * from "./scope.ts";
export * from "./tensor.ts";
