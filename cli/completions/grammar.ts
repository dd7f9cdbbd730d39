/**
 * The grammar of the command line for the shells: commands, their options and arguments, and their values.
 *
 * The completion scripts contain the whole grammar, so no process starts while somebody types. Libraries that ask the
 * program at each TAB do not suffice: `@bomb.sh/tab` (0.0.22) reads commander's tree, but completes no files, mixes up
 * the options of different commands, offers nothing after `--flag=`, and evaluates the typed text in bash; omelette and
 * tabtab know no options with values; carapace's adapter needs a program of its own.
 *
 * @module
 */

import type { Argument, CommandUnknownOpts, Option } from "@commander-js/extra-typings";

/** The values that an option or an argument takes: words, paths or both. */
export interface ValueGrammar {
  /** The value's name in the help, for example `FILE`. */
  readonly placeholder: string;
  /** The words to offer; empty if any text will do. */
  readonly words: readonly string[];
  /** The kind of path to offer, or null if the value is not a path. */
  readonly path: "file" | "folder" | null;
}

/** An option: its flags, its help, and its value; null if it takes none. */
export interface OptionGrammar {
  readonly flags: readonly string[];
  readonly description: string;
  readonly value: ValueGrammar | null;
}

/** A command with its options, arguments and subcommands. */
export interface CommandGrammar {
  /** The words that name the command; empty for the program itself. */
  readonly path: readonly string[];
  readonly description: string;
  readonly options: readonly OptionGrammar[];
  readonly arguments: readonly ValueGrammar[];
  readonly commands: readonly CommandGrammar[];
}

const filePlaceholders = /^(FILE\b.*|SPEC)$/;
const folderPlaceholders = /^(DIR|IMAGES|RUN|RUN\|SWEEP)$/;

function describeValue(placeholder: string, { argChoices }: Option | Argument): ValueGrammar {
  const path = filePlaceholders.test(placeholder) ? "file" : folderPlaceholders.test(placeholder) ? "folder" : null;
  return { placeholder, words: argChoices ?? [], path };
}

function describeOption(option: Option): OptionGrammar {
  const placeholder = /<(.+)>/.exec(option.flags)?.[1];
  return {
    flags: [option.short, option.long].filter((flag) => flag !== undefined),
    description: option.description,
    value: placeholder === undefined ? null : describeValue(placeholder, option),
  };
}

/** Describes a command and its subcommands. Leaves out options and commands that the help hides. */
export function describeCommand(command: CommandUnknownOpts, path: readonly string[] = []): CommandGrammar {
  const help = command.createHelp();
  return {
    path,
    description: command.description(),
    options: help.visibleOptions(command).map(describeOption),
    arguments: command.registeredArguments.map((argument) => describeValue(argument.name(), argument)),
    commands: help.visibleCommands(command).map((child) => describeCommand(child, [...path, child.name()])),
  };
}

/** A command and all its subcommands, parents first. */
export function allCommands(command: CommandGrammar): CommandGrammar[] {
  return [command, ...command.commands.flatMap(allCommands)];
}
