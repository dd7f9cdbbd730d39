/**
 * Revokes the permissions that a command does not need.
 *
 * @module
 */

import type { CommandUnknownOpts } from "@commander-js/extra-typings";

/** Commands that use the network. */
const usingNetwork = ["data fetch"];
/** Commands that start other programs: runs of a sweep, Slurm's commands, and Python. */
const startingPrograms = ["bench export", "status", "sweep", "sweep status", "sweep cancel", "sweep task"];
/** Commands that write nothing. */
const onlyReading = ["completions", "cost", "help", "version", "status", "data list", "data verify", "verify-export"];

/** A command's name without the program's, such as `data fetch`. */
function fullName(command: CommandUnknownOpts): string {
  const { parent } = command;
  return parent === null || parent.parent === null ? command.name() : `${fullName(parent)} ${command.name()}`;
}

/** Revokes unused permissions for the rest of the process, so that a fault in a command can do less harm. */
export function keepPermissionsOf(command: CommandUnknownOpts): void {
  const name = fullName(command);
  if (!usingNetwork.includes(name)) Deno.permissions.revokeSync({ name: "net" });
  if (!startingPrograms.includes(name)) Deno.permissions.revokeSync({ name: "run" });
  if (onlyReading.includes(name)) Deno.permissions.revokeSync({ name: "write" });
}
