/**
 * Kinds of residual blocks, one file each.
 *
 * @module
 */
export * from "./basic.ts";
export * from "./bottleneck.ts";
export * from "./kind.ts";
