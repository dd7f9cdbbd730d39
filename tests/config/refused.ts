/**
 * Asserts that a configuration is refused.
 *
 * @module
 */
import { assert, assertMatch, assertThrows } from "@std/assert";
import { type ConfigSources, resolveConfig } from "../../src/config/config.ts";
import { InvalidInputError } from "../../src/errors.ts";

/** Asserts that resolving the sources fails with one line that matches. */
export function assertRefused(sources: ConfigSources, message: RegExp): void {
  const error = assertThrows(() => resolveConfig(sources), InvalidInputError);
  assertMatch(error.message, message);
  assert(!error.message.includes("\n"), "one line");
}
