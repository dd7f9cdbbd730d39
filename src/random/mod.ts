/**
 * Random numbers that depend on nothing but their address (seed, stream, step, index).
 *
 * @module
 */

export * from "./philox.ts";
export * from "./random_stream.ts";
export * from "./streams.ts";
