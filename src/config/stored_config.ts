/**
 * Reads a run's own `config.yaml`.
 *
 * @module
 */
import { join } from "@std/path";
import { InvalidInputError } from "../errors.ts";
import { readTextFile } from "../formats/mod.ts";
import { resolveConfig, type RunConfig } from "./config.ts";
import { type ConfigFile, parseConfigFile } from "./config_file.ts";

/** The file's name in the run's folder. */
export const configName = "config.yaml";

/** What to do if the file is missing or damaged. */
export const CONFIG_REMEDY = "put config.yaml back";

/** The content of the file. */
export interface StoredConfig {
  /** The run's complete configuration. */
  readonly config: RunConfig;
  /** Versions, device, threads and precision that made the run. */
  readonly versions: Readonly<Record<string, string>>;
  /** Which images of the data's folder the run uses, in one line; null if that was not recorded. */
  readonly images: string | null;
  /** The text of the file. */
  readonly text: string;
}

/** @throws {InvalidInputError} with the path, if the options are not valid. */
function configOf(path: string, parsed: ConfigFile): RunConfig {
  try {
    return resolveConfig({ file: parsed, stored: true });
  } catch (error) {
    // A message about several options together does not name the file.
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
