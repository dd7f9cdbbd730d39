/**
 * Checks arguments that several commands share: networks' names, a folder to read, and a file to write.
 *
 * @module
 */
import { dirname } from "@std/path";
import { existsSync, statSync } from "node:fs";
import { mayWriteTo } from "../src/machine/storage.ts";
import { InvalidInputError } from "../src/errors.ts";
import { describeSystemError } from "../src/formats/system_errors.ts";
import type { RunConfig } from "../src/config/options.ts";
import { givenNetworks, isLadder, trainedNetworks } from "../src/config/network.ts";
import { refuseMissing } from "../src/encoders/slim_run.ts";
import { type NetworkName, networkNames } from "../src/models/network_names.ts";

/**
 * The network that `--network` names; by default the gated one if the run has it, since it is the purpose of such a
 * run.
 *
 * @param text value of `--network`, or undefined without the flag.
 * @throws {InvalidInputError} if the name is unknown or the run has no such network.
 */
export function chooseNetwork(text: unknown, config: RunConfig): NetworkName {
  if (text === undefined) return givenNetworks(config.mode).includes("gated") ? "gated" : "dense";
  const name = networkNames.find((candidate) => candidate === text);
  if (name === undefined) throw new InvalidInputError(`--network ${text}: give ${networkNames.join(" or ")}`);
  refuseMissing(name, config);
  return name;
}

/**
 * The network to export. Of a run of many budgets that is the slim one by default, and the gated one is refused: it has
 * no gates that a file could hold, and under one mask for all images it computes what a slim one does.
 */
export function chooseExported(text: unknown, config: RunConfig): NetworkName {
  if (!isLadder(config)) return chooseNetwork(text, config);
  if (text !== "gated") return chooseNetwork(text ?? "slim", config);
  throw new InvalidInputError(
    "--network gated: this run has one order of channels for all images, and no gates; give --network slim --cost X",
  );
}

/** The words of a comma-separated list. @throws {InvalidInputError} if a word is not allowed. */
export function parseList<Word extends string>(flag: string, text: string, allowed: readonly Word[]): Word[] {
  const words = [...new Set(text.split(",").map((word) => word.trim()))];
  const unknown = words.find((word) => !allowed.some((one) => one === word));
  if (unknown !== undefined) {
    throw new InvalidInputError(`${flag} ${unknown === "" ? '""' : unknown}: give ${allowed.join(" or ")}`);
  }
  return allowed.filter((word) => words.includes(word));
}

/** The networks asked for; by default all that were trained. @throws {InvalidInputError} if the run lacks one. */
export function chooseNetworks(text: unknown, config: RunConfig): readonly NetworkName[] {
  if (typeof text !== "string") return trainedNetworks(config.mode);
  const networks = parseList("--network", text, networkNames);
  for (const name of networks) refuseMissing(name, config);
  return networks;
}

/** The longest ending of a temporary name: a file is written beside its place first, under a longer name. */
const PARTIAL_NAME = ".0000000.partial";

/**
 * The kind of thing at a path, or null if there is nothing.
 *
 * @param named name of the path in messages.
 * @throws {InvalidInputError} if the system refuses to look.
 */
function lookAt(path: string, named = path): "folder" | "file" | null {
  try {
    return statSync(path).isDirectory() ? "folder" : "file";
  } catch (cause) {
    const system = describeSystemError(cause, named);
    if (system === null) throw cause;
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return null;
    throw new InvalidInputError(system.sentence, { cause });
  }
}

/**
 * Checks that an argument names a folder.
 *
 * @param wanted the remedy, as the end of a sentence that begins with "give".
 * @throws {InvalidInputError} if the path does not exist or is a file.
 */
export function checkFolder(path: string, wanted: string): void {
  const occupant = lookAt(path);
  if (occupant === null) throw new InvalidInputError(`${path}: there is no such folder; give ${wanted}`);
  if (occupant === "file") throw new InvalidInputError(`${path}: is a file; give ${wanted}`);
}

/** Checks that a file's folder exists and is writable. @throws {InvalidInputError} naming the option, if not. */
export function checkFolderOf(option: string, file: string): void {
  const folder = dirname(file);
  lookAt(`${file}${PARTIAL_NAME}`, `--${option} ${file}`);
  if (lookAt(folder) !== "folder") {
    throw new InvalidInputError(`--${option} ${file}: there is no folder ${folder}; create it or give another path`);
  }
  if (mayWriteTo(folder)) return;
  throw new InvalidInputError(`--${option} ${file}: ${folder} is not writable; make it writable or give another path`);
}

/**
 * Checks that new files can be written.
 *
 * @param files paths in one folder, first the path that `--out` gives.
 * @throws {InvalidInputError} if a file exists already, or as {@linkcode checkFolderOf}.
 */
export function checkNewFiles(files: readonly string[]): void {
  const [out = ""] = files;
  checkFolderOf("out", out);
  const taken = files.find((path) => existsSync(path));
  if (taken !== undefined) {
    throw new InvalidInputError(`${taken}: exists already; give --out another path or remove it`);
  }
}

/**
 * Checks that a file can be written, new or over an older one.
 *
 * @throws {InvalidInputError} if the path is a folder or a special file, or as {@linkcode checkFolderOf}.
 */
export function checkReplaceable(option: string, file: string): void {
  checkFolderOf(option, file);
  if (existsSync(file) && !statSync(file).isFile()) {
    throw new InvalidInputError(`--${option} ${file}: exists and is not a file; give another path`);
  }
}
