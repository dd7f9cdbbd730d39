/**
 * Gives back the permissions that a command does without.
 *
 * @module
 */

import type { CommandUnknownOpts } from "@commander-js/extra-typings";

/** Commands that speak to a server. */
const usingNetwork = ["data fetch"];
/** Commands that start programs: runs of their own, and those of a cluster. */
const startingPrograms = ["status", "sweep", "sweep status", "sweep cancel", "sweep task"];
/** Commands that write nothing. */
const onlyReading = ["completions", "cost", "help", "version", "status", "data list", "data verify"];

/** A command's name after the program's, as `data fetch`. */
function fullName(command: CommandUnknownOpts): string {
  const { parent } = command;
  return parent === null || parent.parent === null ? command.name() : `${fullName(parent)} ${command.name()}`;
}

/** Gives up, for the rest of the process, what a command will not use: what goes wrong in it then can do less harm. */
export function keepPermissionsOf(command: CommandUnknownOpts): void {
  const name = fullName(command);
  if (!usingNetwork.includes(name)) Deno.permissions.revokeSync({ name: "net" });
  if (!startingPrograms.includes(name)) Deno.permissions.revokeSync({ name: "run" });
  if (onlyReading.includes(name)) Deno.permissions.revokeSync({ name: "write" });
}
