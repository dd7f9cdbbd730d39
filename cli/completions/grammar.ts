/**
 * What shells have to know of the command line: its commands, their options and arguments, and what may be given to them.
 *
 * The scripts are made from this when they are asked for and then hold all of it: no process is started while somebody types. There are
 * libraries that ask the program at each TAB instead. `@bomb.sh/tab` (0.0.22) reads commander's tree, but has files completed nowhere, takes
 * an option for that of another command, offers nothing after `--flag=`, and its script for bash evaluates what was typed; omelette and
 * tabtab know nothing of options and their values; carapace's adapter wants another program installed.
 *
 * @module
 */

import type { Argument, CommandUnknownOpts, Option } from "@commander-js/extra-typings";

/** What may be given as a value: words, and where it is a path what lies there. */
export interface ValueGrammar {
  /** What stands for it in the help. */
  readonly placeholder: string;
  /** Words that it may be. */
  readonly words: readonly string[];
  /** The kind of path that it may be, or null. */
  readonly path: "file" | "folder" | null;
}

/** An option: the flags it is given by, its help, and its value, null where it takes none. */
export interface OptionGrammar {
  readonly flags: readonly string[];
  readonly description: string;
  readonly value: ValueGrammar | null;
}

/** A command. */
export interface CommandGrammar {
  /** The words that name it, none for the program itself. */
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

/** A command with all below it, without what its help hides. */
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

/** A command and all below it, each before those below it. */
export function allCommands(command: CommandGrammar): CommandGrammar[] {
  return [command, ...command.commands.flatMap(allCommands)];
}
