/**
 * Evaluation of frozen features.
 *
 * @module
 */
export * from "./evaluation.ts";
export * from "./features.ts";
export * from "./linear_probe.ts";
export * from "./neighbours.ts";
