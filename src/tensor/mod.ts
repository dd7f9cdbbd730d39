/**
 * Tensors and the scopes that own them.
 *
 * @module
 */
export * from "./scope.ts";
export * from "./tensor.ts";
