/**
 * Refuses misspelt names of commands with the name that was meant. Commander suggests none for a part of a name, nor for a command
 * that lies below another, and takes a misspelt name below `bench` for an argument.
 *
 * @module
 */

import { existsSync } from "node:fs";
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { InvalidInputError } from "../src/errors.ts";
import { nearest } from "../src/config/nearest.ts";

/** Letters that a part of a name must have to stand for it. */
const FEWEST_LETTERS = 3;

/** A command below another, by the words that lead to it. */
interface Named {
  readonly name: string;
  readonly last: string;
}

function namesBelow(command: CommandUnknownOpts, path: readonly string[] = []): Named[] {
  return command.createHelp().visibleCommands(command).flatMap((child) => {
    const words = [...path, child.name()];
    // Below `help` there are the same names again.
    const below = child.name() === "help" ? [] : namesBelow(child, words);
    return [{ name: words.join(" "), last: child.name() }, ...below];
  });
}

/** The command that a word was meant for: `evaluate` for `eval`, `data fetch` for `fetch`; undefined if none is near. */
function suggest(word: string, command: CommandUnknownOpts): string | undefined {
  const names = namesBelow(command);
  const own = names.map(({ name }) => name).filter((name) => !name.includes(" "));
  const part = word.length < FEWEST_LETTERS ? undefined : own.find((name) => name.includes(word));
  return names.find(({ last }) => last === word)?.name ?? nearest(word, own) ?? part;
}

/**
 * Looks at the words before the first flag.
 *
 * @throws {InvalidInputError} if one of them stands where a command must, and there is no such command.
 */
export function checkCommandNames(program: CommandUnknownOpts, args: readonly string[]): void {
  let command = program;
  for (const word of args) {
    const child = command.commands.find((one) => one.name() === word);
    if (word.startsWith("-") || command.commands.length === 0) return;
    if (child === undefined) return checkWord(command, word);
    command = child;
  }
}

function checkWord(command: CommandUnknownOpts, word: string): void {
  const suggestion = suggest(word, command);
  const meant = suggestion === undefined ? "" : ` (Did you mean ${suggestion}?)`;
  if (command.registeredArguments.length === 0) {
    throw new InvalidInputError(`unknown command '${word}'${meant}; see --help`);
  }
  // `sweep` takes a file, or one of its commands.
  if (suggestion !== undefined && !existsSync(word)) {
    throw new InvalidInputError(
      `${command.name()} ${word}: there is neither such a file nor such a command${meant}; see --help`,
    );
  }
}
