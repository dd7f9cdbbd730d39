/**
 * Configuration: the options of a run, presets, configuration files, and the network and data set of a configuration.
 *
 * @module
 */
export type { Budget } from "./budget_range.ts";
export { type ConfigSources, resolveConfig } from "./config.ts";
export * from "./config_file.ts";
export * from "./network.ts";
export * from "./open_dataset.ts";
export * from "./presets.ts";
export type { RunConfig } from "./options.ts";
