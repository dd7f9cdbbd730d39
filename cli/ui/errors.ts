/**
 * Turns any failure of a command into one line for people and an exit status.
 *
 * @module
 */

import { isTooManyOpenFiles } from "../../src/data/folder_error.ts";
import { DeviceUnavailableError, InvalidInputError, OPEN_FILES_REMEDY, SluiceError } from "../../src/errors.ts";
import { CommanderError } from "@commander-js/extra-typings";

/** Exit statuses of the command line. */
export const ExitStatus = { done: 0, failed: 1, wrongRequest: 2 } as const;

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

/**
 * Judges a failure: wrong requests and missing devices exit with 2, all else with 1.
 *
 * @param verbose Give the stack with the message.
 */
export function describeFailure(error: unknown, verbose: boolean): Failure {
  if (error instanceof CommanderError) return describeUsageError(error);
  const wrong = error instanceof InvalidInputError || error instanceof DeviceUnavailableError;
  const status = wrong ? ExitStatus.wrongRequest : ExitStatus.failed;
  const own = error instanceof Error ? error.message : String(error);
  const message = isTooManyOpenFiles(error)
    ? `${own}: as many files are open as are allowed; ${OPEN_FILES_REMEDY}`
    : own;
  const kind = error instanceof SluiceError || !(error instanceof Error) ? "" : `${error.name}: `;
  const line = `sluice: ${kind}${message.replace(/\s*\n\s*/g, " ")}`;
  const stack = error instanceof Error && verbose ? error.stack : undefined;
  return { text: stack === undefined ? line : `${line}\n${stack}`, status };
}
