/**
 * Reads and writes configuration files: YAML whose keys are the flags' names.
 *
 * @module
 */

import { homedir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { InvalidInputError } from "../errors.ts";
import { describeSystemError } from "../formats/mod.ts";
import { YamlFile } from "../formats/yaml_file.ts";
import { kebabCase, pathOptions, type RunConfig, runOptionNames } from "./options.ts";
import { remedyFor } from "./nearest.ts";

/** A configuration file as read: its options not yet checked. */
export interface ConfigFile {
  /** Path it was read from, for messages. */
  readonly path: string;
  /** Options by their camelCase names. */
  readonly options: Readonly<Record<string, unknown>>;
  /** The line of each option, counted from 1, for messages. */
  readonly lines?: Readonly<Record<string, number>>;
  /** Name of a preset, if the file names one. */
  readonly preset?: string;
  /** Run folder to write, if the file names one. */
  readonly out?: string;
  /** What a run was made with; only a run's own `config.yaml` says so. */
  readonly versions?: Readonly<Record<string, string>>;
  /** What the run takes of its data's folder and what it leaves out, in one line; of a run's own `config.yaml`. */
  readonly images?: string;
}

const optionByKey = new Map<string, keyof RunConfig>(runOptionNames.map((name) => [kebabCase(name), name]));

/** The keys of a file's mapping. */
function mappingOf({ path, value }: YamlFile): Record<string, unknown> {
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    throw new InvalidInputError(`${path}: holds no options; write lines such as "epochs: 15"`);
  }
  return { ...value };
}

/** The text at a key that must be text. @param place file, and line if it is known, for messages. */
function textAt(place: string, key: string, value: unknown): string {
  if (typeof value !== "string") throw new InvalidInputError(`${place}: ${key} ${String(value)}: give a name`);
  return value;
}

/** The names and texts of a run's `versions`. */
function versionsAt(place: string, value: unknown): Record<string, string> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new InvalidInputError(`${place}: versions: holds no names with versions; remove it`);
  }
  return Object.fromEntries(Object.entries(value).map(([name, version]) => [name, String(version)]));
}

/**
 * Takes the keys of a configuration apart. Besides the options it may hold `preset`, `out`, and the `versions` and `images`
 * that a run's own `config.yaml` records.
 *
 * @param path of the file, for messages.
 * @param placeOf where a key is, for messages: `run.yaml:3`, or the file alone if lines are not known.
 * @throws {InvalidInputError} if a key is not known.
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
 * Takes a configuration file apart, as {@linkcode configOfKeys}.
 *
 * @throws {InvalidInputError} if the text is not YAML or holds an unknown key, naming the line.
 */
export function parseConfigFile(path: string, text: string): ConfigFile {
  const file = new YamlFile(path, text);
  const parsed = configOfKeys(path, mappingOf(file), (key) => `${path}:${file.lineOf([key])}`);
  const names = runOptionNames.filter((name) => name in parsed.options);
  return { ...parsed, lines: Object.fromEntries(names.map((name) => [name, file.lineOf([kebabCase(name)])])) };
}

/** A path in which `~` stands for the home folder, as in a shell. */
function expandHome(place: string, path: string): string {
  if (!path.startsWith("~")) return path;
  const [first = "", ...rest] = path.split("/");
  if (first !== "~") {
    throw new InvalidInputError(`${place} ${path}: other people's home folders are not known; write the whole path`);
  }
  const home = homedir();
  if (!home) throw new InvalidInputError(`${place} ${path}: HOME is not set; set it, or write the whole path`);
  return join(home, ...rest);
}

/**
 * The same options with whole paths for those that begin with `~/`: no shell has seen what a file says.
 *
 * @throws {InvalidInputError} if a path begins with the name of another home folder, such as `~anna/`.
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
 * Reads a text file that a person has named.
 *
 * @param remedy what to do if there is no such file.
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
 * Reads a configuration file that a person has named. Paths in it that begin with `~/` lie in the home folder.
 *
 * @throws {InvalidInputError} if the file cannot be read, or as {@link parseConfigFile}.
 */
export function readConfigFile(path: string): ConfigFile {
  return withHomePaths(parseConfigFile(path, readNamedFile(path, "check --config")));
}

/** A configuration by the keys of its file. */
export function configByKey(config: RunConfig): Record<string, unknown> {
  return Object.fromEntries(runOptionNames.map((name) => [kebabCase(name), config[name]]));
}

/**
 * A complete configuration as the text of a configuration file.
 *
 * @param versions what the run was made with, if there is a run.
 * @param images what the run takes of its data's folder, in one line; null if nothing is chosen there.
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
