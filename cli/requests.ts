/**
 * What commands that work on a run's networks ask for: one of them, and files that are not there yet.
 *
 * @module
 */
import { existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { mayWriteTo } from "../src/device/machine/storage.ts";
import { InvalidInputError } from "../src/errors.ts";
import type { Pass } from "../src/models/mod.ts";
import type { RunConfig } from "../src/training/options.ts";

/** Networks of a run, by name. */
export const networkNames: readonly Pass[] = ["dense", "gated"];

/** The network asked for, which the run must hold; else the gated one where there is one: the run was made for it. */
export function chooseNetwork(text: unknown, { mode }: RunConfig, held: readonly Pass[]): Pass {
  if (text === undefined) return held.includes("gated") ? "gated" : "dense";
  const name = networkNames.find((one) => one === text);
  if (name === undefined) throw new InvalidInputError(`--network ${text}: give ${networkNames.join(" or ")}`);
  if (held.includes(name)) return name;
  throw new InvalidInputError(`--network ${text}: a ${mode} run holds none; give ${held.join(" or ")}`);
}

function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}

/**
 * Refuses a file whose folder is not there, or cannot be written to.
 *
 * @throws {InvalidInputError} naming the option that the file was given to.
 */
export function checkFolderOf(option: string, file: string): void {
  const folder = dirname(file);
  if (!isFolder(folder)) {
    throw new InvalidInputError(`--${option} ${file}: there is no folder ${folder}; make it, or give another`);
  }
  if (mayWriteTo(folder)) return;
  throw new InvalidInputError(`--${option} ${file}: the folder ${folder} cannot be written to; give another`);
}

/**
 * Refuses files that cannot be made.
 *
 * @param files of one folder, the first being the one that was asked for.
 * @throws {InvalidInputError} if one is there, or their folder is not or cannot be written to.
 */
export function checkNewFiles(files: readonly string[]): void {
  const [out = ""] = files;
  checkFolderOf("out", out);
  const taken = files.find((path) => existsSync(path));
  if (taken !== undefined) throw new InvalidInputError(`${taken}: is there already; give --out another, or remove it`);
}
