/**
 * Turns any failure of a command into one line for people and an exit status.
 *
 * @module
 */

import { DeviceUnavailableError, InvalidInputError, SluiceError } from "../../src/errors.ts";
import { describeSystemError, errorLine } from "../../src/formats/system_errors.ts";
import { CommanderError } from "@commander-js/extra-typings";
import { writeFailure } from "./output.ts";

/** Exit statuses of the command line. */
export const ExitStatus = { done: 0, failed: 1, wrongRequest: 2 } as const;

/**
 * Exit status of a command that a signal stopped: 128 + the signal's number, or 75 ("try again") for a cluster's
 * notice.
 */
export const stopStatuses = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143, SIGUSR1: 75, SIGUSR2: 75 } as const;

/** What to print on stderr (null: nothing) and how to exit. */
export interface Failure {
  /** One line, or with the stack where asked for. */
  readonly text: string | null;
  /** The exit status. */
  readonly status: number;
}

/** Commander's message as one line without its prefix. */
function describeUsageError(error: CommanderError): Failure {
  // Commander throws for --help and --version too, with a status of 0, after having printed what was asked for.
  if (error.exitCode === 0) return { text: null, status: ExitStatus.done };
  if (error.code === "commander.help") return { text: null, status: ExitStatus.wrongRequest };
  const sentence = error.message.replace(/^error: /, "").replace(/\s*\n\s*/g, " ").replace(/\.?\s*$/, "");
  return { text: `sluice: ${sentence}; see --help`, status: ExitStatus.wrongRequest };
}

/** Whether another request, or another machine, mends a failure. */
function isWrongRequest(error: unknown): boolean {
  if (!(error instanceof SluiceError)) return describeSystemError(error)?.isRequest === true;
  return error instanceof InvalidInputError || error instanceof DeviceUnavailableError;
}

/**
 * Judges a failure: wrong requests, paths that cannot be used and missing devices exit with 2, all else with 1.
 *
 * @param verbose Give the stack with the message.
 */
export function describeFailure(error: unknown, verbose: boolean): Failure {
  if (error instanceof CommanderError) return describeUsageError(error);
  const status = isWrongRequest(error) ? ExitStatus.wrongRequest : ExitStatus.failed;
  const line = `sluice: ${errorLine(error)}`;
  const stack = error instanceof Error && verbose ? error.stack : undefined;
  return { text: stack === undefined ? line : `${line}\n${stack}`, status };
}

/** Writes on stderr why a command failed. @returns the exit status. */
export function reportFailure(error: unknown, verbose: boolean): number {
  const { text, status } = describeFailure(error, verbose);
  if (text !== null) writeFailure(text);
  return status;
}
