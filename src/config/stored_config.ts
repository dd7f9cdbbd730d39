/**
 * A run's own `config.yaml`: all of its options, and what the run was made with.
 *
 * @module
 */
import { join } from "node:path";
import { InvalidInputError } from "../errors.ts";
import { readTextFile } from "../formats/mod.ts";
import { resolveConfig, type RunConfig } from "./config.ts";
import { type ConfigFile, parseConfigFile } from "./config_file.ts";

/** The file's name in the run's folder. */
export const configName = "config.yaml";

/** What to do if the file is missing or damaged. */
export const CONFIG_REMEDY = "put config.yaml back";

/** What the file says. */
export interface StoredConfig {
  /** The run's complete configuration. */
  readonly config: RunConfig;
  /** What the run was made with: versions, device, threads, precision. */
  readonly versions: Readonly<Record<string, string>>;
  /** What is taken of the data's folder and what is left out, in one line; null if nothing is chosen there. */
  readonly images: string | null;
  /** All of it, as it is written. */
  readonly text: string;
}

/** The configuration in a run's file. @throws {InvalidInputError} naming the file if it holds none. */
function configOf(path: string, parsed: ConfigFile): RunConfig {
  try {
    return resolveConfig({ file: parsed, stored: true });
  } catch (error) {
    // A message on several options together does not name the file.
    if (!(error instanceof InvalidInputError) || error.message.includes(path)) throw error;
    throw new InvalidInputError(`${path}: ${error.message}`, { cause: error });
  }
}

/**
 * Reads the file in a run's folder.
 *
 * @throws {InvalidInputError} if the file is missing or damaged.
 */
export function readStoredConfig(folder: string): StoredConfig {
  const path = join(folder, configName);
  const text = readTextFile(path, CONFIG_REMEDY);
  const { versions = {}, images = null, ...parsed } = parseConfigFile(path, text);
  return { config: configOf(path, parsed), versions, images, text };
}
