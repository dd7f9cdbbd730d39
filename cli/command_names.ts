/**
 * Refuses words of the command line: words that are not UTF-8, and misspelt names of commands, for which it suggests
 * the right name.
 *
 * Commander suggests no name for a part of a name, and no name of a subcommand; and it takes a misspelt name below
 * `bench` for an argument.
 *
 * @module
 */
import { existsSync } from "node:fs";
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { nearest } from "../src/config/nearest.ts";
import { InvalidInputError } from "../src/errors.ts";

/** The character that Deno puts in the place of bytes that are not UTF-8. */
const REPLACEMENT = "\ufffd";

/**
 * Refuses a word that was not UTF-8, because Deno has changed it: it would name another file.
 *
 * @throws {InvalidInputError} with the word.
 */
export function checkEncoding(words: readonly string[]): void {
  const garbled = words.find((word) => word.includes(REPLACEMENT));
  if (garbled !== undefined) {
    throw new InvalidInputError(`${garbled}: is not UTF-8; rename the file or folder, or give another path`);
  }
}

/** A shorter part of a name fits too many names to suggest one. */
const FEWEST_LETTERS = 3;

/** A command or subcommand. */
interface Named {
  /** All words that lead to it: `data fetch`. */
  readonly name: string;
  /** The last of them. */
  readonly last: string;
}

function namesBelow(command: CommandUnknownOpts, path: readonly string[] = []): Named[] {
  return command.createHelp().visibleCommands(command).flatMap((child) => {
    const words = [...path, child.name()];
    // The commands below `help` repeat the names of all others.
    const below = child.name() === "help" ? [] : namesBelow(child, words);
    return [{ name: words.join(" "), last: child.name() }, ...below];
  });
}

/**
 * The command that a word probably means: `evaluate` for `eval`, `data fetch` for `fetch`; undefined if none is near.
 */
function suggest(word: string, command: CommandUnknownOpts): string | undefined {
  const names = namesBelow(command);
  const own = names.map(({ name }) => name).filter((name) => !name.includes(" "));
  const part = word.length < FEWEST_LETTERS ? undefined : own.find((name) => name.includes(word));
  return names.find(({ last }) => last === word)?.name ?? nearest(word, own) ?? part;
}

/**
 * Checks the words before the first flag.
 *
 * @throws {InvalidInputError} if a word stands in the place of a command and is not the name of one.
 */
export function checkCommandNames(program: CommandUnknownOpts, words: readonly string[]): void {
  let command = program;
  for (const word of words) {
    const child = command.commands.find((candidate) => candidate.name() === word);
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
  // `sweep` takes a file or one of its commands.
  if (suggestion !== undefined && !existsSync(word)) {
    throw new InvalidInputError(`${command.name()} ${word}: no file and no command has this name${meant}; see --help`);
  }
}
