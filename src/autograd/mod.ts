/**
 * Reverse-mode differentiation.
 *
 * @module
 */
export * from "./gradient_check.ts";
export * from "./tape.ts";
