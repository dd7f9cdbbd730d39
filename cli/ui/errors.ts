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
 * Exit status of a stopped command by signal: 128 + the signal's number, or 75 ("try again") for a cluster's notice.
 */
export const stopStatuses = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143, SIGUSR1: 75, SIGUSR2: 75 } as const;

/** What to print on stderr, and the exit status. */
export interface Failure {
  /** One line, followed by the stack with `--verbose`; null to print nothing. */
  readonly text: string | null;
  /** One of {@linkcode ExitStatus}. */
  readonly status: number;
}

/** Turns commander's message into one line without its prefix. */
function describeUsageError(error: CommanderError): Failure {
  // Commander also throws, with status 0, after it has printed --help or --version.
  if (error.exitCode === 0) return { text: null, status: ExitStatus.done };
  if (error.code === "commander.help") return { text: null, status: ExitStatus.wrongRequest };
  const sentence = error.message.replace(/^error: /, "").replace(/\s*\n\s*/g, " ").replace(/\.?\s*$/, "");
  return { text: `sluice: ${sentence}; see --help`, status: ExitStatus.wrongRequest };
}

/** Whether the user can avoid the failure with another request or on another machine. */
function isWrongRequest(error: unknown): boolean {
  if (!(error instanceof SluiceError)) return describeSystemError(error)?.isRequest === true;
  return error instanceof InvalidInputError || error instanceof DeviceUnavailableError;
}

/**
 * Describes a failure. Wrong requests, unusable paths and missing devices exit with 2, any other failure with 1.
 *
 * @param verbose adds the stack to the message.
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
