/**
 * Random numbers that depend only on their address (seed, stream, step, index).
 *
 * @module
 */

export * from "./philox.ts";
export * from "./random_stream.ts";
export * from "./streams.ts";
