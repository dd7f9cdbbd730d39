/**
 * Reads and writes configuration files: YAML whose keys are the flags' names.
 *
 * @module
 */

import { join } from "@std/path";
import { homedir } from "node:os";
import { stringify } from "yaml";
import { InvalidInputError } from "../errors.ts";
import { describeSystemError } from "../formats/mod.ts";
import { YamlFile } from "../formats/yaml_file.ts";
import { kebabCase, pathOptions, type RunConfig, runOptionNames } from "./options.ts";
import { remedyFor } from "./nearest.ts";

/** The content of a configuration file; its options are not checked yet. */
export interface ConfigFile {
  /** Path of the file, for messages. */
  readonly path: string;
  /** Options by their camelCase names. */
  readonly options: Readonly<Record<string, unknown>>;
  /** The line of each option, counted from 1, for messages. */
  readonly lines?: Readonly<Record<string, number>>;
  /** Name of a preset, if the file names one. */
  readonly preset?: string;
  /** Run folder to make, if the file names one. */
  readonly out?: string;
  /** Versions and device that made the run; only in a run's own `config.yaml`. */
  readonly versions?: Readonly<Record<string, string>>;
  /** Which images of the data's folder the run uses, in one line; only in a run's own `config.yaml`. */
  readonly images?: string;
}

const optionByKey = new Map<string, keyof RunConfig>(runOptionNames.map((name) => [kebabCase(name), name]));

function mappingOf({ path, value }: YamlFile): Record<string, unknown> {
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    throw new InvalidInputError(`${path}: holds no options; write lines such as "epochs: 15"`);
  }
  return { ...value };
}

/**
 * @param place the file with the line if known, for messages.
 * @throws {InvalidInputError} if the value is not a text.
 */
function textAt(place: string, key: string, value: unknown): string {
  if (typeof value !== "string") throw new InvalidInputError(`${place}: ${key} ${String(value)}: give a name`);
  return value;
}

function versionsAt(place: string, value: unknown): Record<string, string> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new InvalidInputError(`${place}: versions: is not a mapping of names to versions; remove it`);
  }
  return Object.fromEntries(Object.entries(value).map(([name, version]) => [name, String(version)]));
}

/**
 * Sorts the keys of a configuration into options, `preset`, `out`, and the `versions` and `images` of a run's own
 * `config.yaml`.
 *
 * @param path path of the file, for messages.
 * @param placeOf returns the place of a key for messages, such as `run.yaml:3`; by default the path.
 * @throws {InvalidInputError} if a key is unknown.
 */
export function configOfKeys(
  path: string,
  keys: Readonly<Record<string, unknown>>,
  placeOf: (key: string) => string = () => path,
): ConfigFile {
  const options: Record<string, unknown> = {};
  const special: { preset?: string; out?: string; images?: string; versions?: Record<string, string> } = {};
  for (const [key, value] of Object.entries(keys)) {
    const name = optionByKey.get(key);
    if (name !== undefined) options[name] = value;
    else if (key === "preset" || key === "out" || key === "images") special[key] = textAt(placeOf(key), key, value);
    else if (key === "versions") special.versions = versionsAt(placeOf(key), value);
    else {
      throw new InvalidInputError(
        `${placeOf(key)}: unknown key ${key}; ${remedyFor(key, [...optionByKey.keys(), "preset", "out"])}`,
      );
    }
  }
  return { path, options, ...special };
}

/**
 * Parses a configuration file, as {@linkcode configOfKeys} does.
 *
 * @throws {InvalidInputError} with the line, if the text is not YAML or a key is unknown.
 */
export function parseConfigFile(path: string, text: string): ConfigFile {
  const file = new YamlFile(path, text);
  const parsed = configOfKeys(path, mappingOf(file), (key) => `${path}:${file.lineOf([key])}`);
  const names = runOptionNames.filter((name) => name in parsed.options);
  return { ...parsed, lines: Object.fromEntries(names.map((name) => [name, file.lineOf([kebabCase(name)])])) };
}

/** Replaces a leading `~` by the home folder, as a shell does. */
function expandHome(place: string, path: string): string {
  if (!path.startsWith("~")) return path;
  const [first = "", ...rest] = path.split("/");
  if (first !== "~") {
    throw new InvalidInputError(
      `${place} ${path}: home folders of other users are not looked up; write the whole path`,
    );
  }
  const home = homedir();
  if (!home) throw new InvalidInputError(`${place} ${path}: HOME is not set; set it, or write the whole path`);
  return join(home, ...rest);
}

/**
 * Expands paths that begin with `~/`, because no shell has expanded them in a file.
 *
 * @throws {InvalidInputError} if a path begins with another user's home folder, such as `~anna/`.
 */
export function withHomePaths(file: ConfigFile): ConfigFile {
  const placeOf = (name: string) => {
    const line = file.lines?.[name];
    return `${file.path}${line === undefined ? "" : `:${line}`}: ${kebabCase(name)}`;
  };
  const paths = pathOptions.flatMap((name) => {
    const value = file.options[name];
    return typeof value === "string" ? [[name, expandHome(placeOf(name), value)]] : [];
  });
  const out = file.out === undefined ? {} : { out: expandHome(placeOf("out"), file.out) };
  return { ...file, options: { ...file.options, ...Object.fromEntries(paths) }, ...out };
}

/**
 * Reads a text file that the user named.
 *
 * @param remedy what to do if there is no such file, as the end of the message.
 * @throws {InvalidInputError} if the file cannot be read.
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
 * Reads a configuration file that the user named, and expands its paths.
 *
 * @throws {InvalidInputError} if the file cannot be read, or as {@link parseConfigFile} does.
 */
export function readConfigFile(path: string): ConfigFile {
  return withHomePaths(parseConfigFile(path, readNamedFile(path, "check --config")));
}

/** A configuration by the keys of a configuration file. */
export function configByKey(config: RunConfig): Record<string, unknown> {
  return Object.fromEntries(runOptionNames.map((name) => [kebabCase(name), config[name]]));
}

/**
 * Writes a complete configuration as the text of a configuration file.
 *
 * @param versions versions and device that made the run, if there is a run.
 * @param images which images of the data's folder the run uses, in one line; null if the data set has no folder to
 * choose from.
 */
export function formatConfig(
  config: RunConfig,
  versions?: Readonly<Record<string, string>>,
  images: string | null = null,
): string {
  return stringify({
    ...configByKey(config),
    ...(versions === undefined ? {} : { versions: { ...versions } }),
    ...(images === null ? {} : { images }),
  });
}
