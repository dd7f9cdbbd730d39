/**
 * Checks the path of a run before the run is made or opened.
 *
 * @module
 */
import { InvalidInputError } from "../errors.ts";
import { PartialFolder, placeError } from "../formats/mod.ts";
import { configName } from "../config/stored_config.ts";

function occupantOf(path: string): "nothing" | "empty folder" | "run" | "something else" {
  try {
    const names = [...Deno.readDirSync(path)].map((entry) => entry.name);
    if (names.length === 0) return "empty folder";
    return names.includes(configName) ? "run" : "something else";
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "nothing";
    if (error instanceof Deno.errors.NotADirectory) return "something else";
    throw error;
  }
}

/**
 * Refuses a path at which no new run may be made.
 *
 * @throws {InvalidInputError} if a run, a file or a folder that is not empty is there.
 */
export function checkFree(path: string): void {
  const occupant = occupantOf(path);
  if (occupant === "run") {
    throw new InvalidInputError(`${path}: already holds a run; give --out another folder, or remove this one`);
  }
  if (occupant === "something else") {
    throw new InvalidInputError(`${path}: is not an empty folder; give --out a new folder`);
  }
}

/** Refuses a path without a run. @throws {InvalidInputError} saying what is there instead. */
export function checkRun(path: string): void {
  const occupant = occupantOf(path);
  if (occupant === "nothing") throw new InvalidInputError(`${path}: there is no such run; check the path`);
  if (occupant !== "run") {
    throw new InvalidInputError(`${path}: holds no run (no ${configName}); give a folder that pretrain made`);
  }
}

/** Makes a temporary folder beside the path of a new run. @throws {InvalidInputError} if the place is not writable. */
export function makePartialFolder(path: string): PartialFolder {
  try {
    return new PartialFolder(path);
  } catch (cause) {
    throw placeError(path, cause);
  }
}
