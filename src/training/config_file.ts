/**
 * Reads and writes configuration files: YAML whose keys are the flags' names.
 *
 * @module
 */

import { parse, stringify, YAMLParseError } from "yaml";
import { InvalidInputError } from "../errors.ts";
import { describeSystemError } from "../formats/mod.ts";
import { kebabCase, type RunConfig, runOptionNames } from "./options.ts";
import { remedyFor } from "./nearest.ts";

/** A configuration file as read: its options not yet checked. */
export interface ConfigFile {
  /** Path it was read from, for messages. */
  readonly path: string;
  /** Options by their camelCase names. */
  readonly options: Readonly<Record<string, unknown>>;
  /** On which lines they are, counted from 1, where messages are to say so. */
  readonly lines?: Readonly<Record<string, number>>;
  /** Name of a preset, where the file names one. */
  readonly preset?: string;
  /** Run folder to write, where the file names one. */
  readonly out?: string;
  /** What a run was made with; of a run's own `config.yaml`. */
  readonly versions?: Readonly<Record<string, string>>;
}

const optionByKey = new Map<string, keyof RunConfig>(runOptionNames.map((name) => [kebabCase(name), name]));

function parseMapping(path: string, text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    if (!(error instanceof YAMLParseError)) throw error;
    const sentence = error.message.split("\n")[0]?.replace(/:$/, "") ?? "";
    throw new InvalidInputError(`${path}: not YAML (${sentence}); mend the file`, { cause: error });
  }
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    throw new InvalidInputError(`${path}: holds no options; write lines such as "epochs: 15"`);
  }
  return { ...value };
}

/** The text at a key that must be text. */
function textAt(path: string, key: string, value: unknown): string {
  if (typeof value !== "string") throw new InvalidInputError(`${key} ${String(value)} in ${path}: give a name`);
  return value;
}

/** The names and texts of a run's `versions`. */
function versionsAt(path: string, value: unknown): Record<string, string> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new InvalidInputError(`versions in ${path}: are no list of names and versions; remove them`);
  }
  return Object.fromEntries(Object.entries(value).map(([name, version]) => [name, String(version)]));
}

/**
 * Takes the keys of a configuration apart. Besides the options it may hold `preset`, `out`, and the `versions` that a run's
 * own `config.yaml` records.
 *
 * @param path of the file, for messages.
 * @throws {InvalidInputError} where a key is not known.
 */
export function configOfKeys(path: string, keys: Readonly<Record<string, unknown>>): ConfigFile {
  const options: Record<string, unknown> = {};
  const special: { preset?: string; out?: string; versions?: Record<string, string> } = {};
  for (const [key, value] of Object.entries(keys)) {
    const name = optionByKey.get(key);
    if (name !== undefined) options[name] = value;
    else if (key === "preset" || key === "out") special[key] = textAt(path, key, value);
    else if (key === "versions") special.versions = versionsAt(path, value);
    else {
      throw new InvalidInputError(
        `${path}: unknown key ${key}; ${remedyFor(key, [...optionByKey.keys(), "preset", "out"])}`,
      );
    }
  }
  return { path, options, ...special };
}

/**
 * Takes a configuration file apart, as {@linkcode configOfKeys}.
 *
 * @throws {InvalidInputError} where the text is not YAML or holds a key that is not known.
 */
export function parseConfigFile(path: string, text: string): ConfigFile {
  return configOfKeys(path, parseMapping(path, text));
}

/**
 * Reads a text file that a person has named.
 *
 * @param remedy what to do if there is no such file.
 * @throws {InvalidInputError} if it cannot be read.
 */
export function readNamedFile(path: string, remedy: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) {
      throw new InvalidInputError(`${path}: there is no such file; ${remedy}`, { cause });
    }
    const system = describeSystemError(cause, path);
    throw system === null ? cause : new InvalidInputError(system.sentence, { cause });
  }
}

/**
 * Reads a configuration file.
 *
 * @throws {InvalidInputError} where it cannot be read, or as {@link parseConfigFile}.
 */
export function readConfigFile(path: string): ConfigFile {
  return parseConfigFile(path, readNamedFile(path, "check --config"));
}

/** A configuration by the keys of its file. */
export function configByKey(config: RunConfig): Record<string, unknown> {
  return Object.fromEntries(runOptionNames.map((name) => [kebabCase(name), config[name]]));
}

/** A complete configuration as the text of a configuration file, with the versions that made the run where there is one. */
export function formatConfig(config: RunConfig, versions?: Readonly<Record<string, string>>): string {
  return stringify({ ...configByKey(config), ...(versions === undefined ? {} : { versions: { ...versions } }) });
}
