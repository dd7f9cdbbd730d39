/**
 * What commands ask for besides a run's options: one of its networks, folders to read, and files to make.
 *
 * @module
 */
import { dirname } from "@std/path";
import { existsSync, statSync } from "node:fs";
import { mayWriteTo } from "../src/machine/storage.ts";
import { InvalidInputError } from "../src/errors.ts";
import { describeSystemError } from "../src/formats/system_errors.ts";
import type { Pass } from "../src/models/mod.ts";
import type { RunConfig } from "../src/config/options.ts";
import { networkNames } from "./options.ts";

/** The network asked for, which the run must hold; by default the gated one if there is one: the run was made for it. */
export function chooseNetwork(text: unknown, { mode }: RunConfig, held: readonly Pass[]): Pass {
  if (text === undefined) return held.includes("gated") ? "gated" : "dense";
  const name = networkNames.find((one) => one === text);
  if (name === undefined) throw new InvalidInputError(`--network ${text}: give ${networkNames.join(" or ")}`);
  if (held.includes(name)) return name;
  throw new InvalidInputError(`--network ${text}: a ${mode} run holds none; give ${held.join(" or ")}`);
}

/** Files are written beside their place, under a name that is longer by as much at most. */
const PARTIAL_NAME = ".0000000.partial";

/** What stands at a path, called by another name in messages; null if nothing does. @throws {InvalidInputError} if the system does not let this process see. */
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
 * Refuses what is no folder, if an argument names one.
 *
 * @param wanted what to give, as the end of a sentence that begins with "give".
 * @throws {InvalidInputError} if there is no such folder.
 */
export function checkFolder(path: string, wanted: string): void {
  const occupant = lookAt(path);
  if (occupant === null) throw new InvalidInputError(`${path}: there is no such folder; give ${wanted}`);
  if (occupant === "file") throw new InvalidInputError(`${path}: is a file; give ${wanted}`);
}

/** Refuses a file whose folder is not there or cannot be written to. @throws {InvalidInputError} naming the option it was given to. */
export function checkFolderOf(option: string, file: string): void {
  const folder = dirname(file);
  lookAt(`${file}${PARTIAL_NAME}`, `--${option} ${file}`);
  if (lookAt(folder) !== "folder") {
    throw new InvalidInputError(`--${option} ${file}: there is no folder ${folder}; make it, or give another`);
  }
  if (mayWriteTo(folder)) return;
  throw new InvalidInputError(`--${option} ${file}: ${folder} cannot be written to; make it writable, or give another`);
}

/**
 * Refuses files that cannot be made.
 *
 * @param files of one folder, the first being the one that was asked for.
 * @throws {InvalidInputError} if one is there already, or their folder is not there or cannot be written to.
 */
export function checkNewFiles(files: readonly string[]): void {
  const [out = ""] = files;
  checkFolderOf("out", out);
  const taken = files.find((path) => existsSync(path));
  if (taken !== undefined) throw new InvalidInputError(`${taken}: is there already; give --out another, or remove it`);
}

/** Refuses a file to make, new or in place of an older one. @throws {InvalidInputError} if a folder stands there, or as {@linkcode checkFolderOf}. */
export function checkReplaceable(option: string, file: string): void {
  checkFolderOf(option, file);
  if (existsSync(file) && !statSync(file).isFile()) {
    throw new InvalidInputError(`--${option} ${file}: is there, and no file; give another name`);
  }
}
