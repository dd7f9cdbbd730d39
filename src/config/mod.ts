/**
 * Configuration: the options of a run, their presets and files, and the network that they ask for.
 *
 * @module
 */
export { type ConfigSources, resolveConfig } from "./config.ts";
export * from "./config_file.ts";
export * from "./network.ts";
export * from "./open_dataset.ts";
export * from "./precision.ts";
export * from "./presets.ts";
export type { RunConfig } from "./options.ts";
