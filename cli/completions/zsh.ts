/**
 * The completions for zsh, as functions of its own completion system.
 *
 * @module
 */

import { allCommands, type CommandGrammar, type OptionGrammar, type ValueGrammar } from "./grammar.ts";

/** Quotes a text as one word of the shell. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Escapes the characters that have a meaning in a specification of `_arguments`. */
function escape(text: string): string {
  return text.replace(/[\\:[\]]/g, "\\$&");
}

function functionName({ path }: CommandGrammar): string {
  return ["_sluice", ...path].join("_");
}

/** The action of `_arguments` that offers a value; a blank offers nothing. */
function action({ words, path }: ValueGrammar): string {
  const files = path === null ? null : path === "file" ? "_files" : "_files -/";
  if (files === null) return words.length === 0 ? " " : `(${words.join(" ")})`;
  if (words.length === 0) return files;
  return `{_alternative "words:word:(${words.join(" ")})" "paths:path:${files}"}`;
}

function optionSpecification({ flags, description, value }: OptionGrammar): string {
  const forms = flags.map((flag) => value === null ? flag : flag.startsWith("--") ? `${flag}=` : `${flag}+`);
  const rest = `[${escape(description)}]` + (value === null ? "" : `:${escape(value.placeholder)}:${action(value)}`);
  if (forms.length === 1) return quote(forms.join() + rest);
  return `${quote(`(${flags.join(" ")})`)}{${forms.join(",")}}${quote(rest)}`;
}

/** The specifications of the arguments. The first argument may also name a subcommand. */
function argumentSpecifications(command: CommandGrammar): string[] {
  const below = command.commands.length === 0 ? [] : [`${functionName(command)}_commands`];
  return Array.from({ length: Math.max(command.arguments.length, below.length) }, (_, index) => {
    const value = command.arguments[index];
    const named = index === 0 ? below : [];
    if (value === undefined) return quote(`1:command:${named.join()}`);
    const rest = action(value);
    const [subcommands] = named;
    const together = subcommands === undefined ? rest : `{${subcommands}; ${rest}}`;
    return quote(`${index + 1}:${escape(value.placeholder)}:${together}`);
  });
}

function commandList(command: CommandGrammar): string[] {
  if (command.commands.length === 0) return [];
  const rows = command.commands.map(({ path, description }) => {
    return `    ${quote(`${path.at(-1)}:${description.replaceAll(":", "\\:")}`)}`;
  });
  return [
    `${functionName(command)}_commands() {`,
    "  local -a commands=(",
    ...rows,
    "  )",
    "  _describe -t commands command commands",
    "}",
    "",
  ];
}

function commandFunction(command: CommandGrammar): string[] {
  const names = command.commands.map(({ path }) => path.at(-1));
  const dispatch = names.length === 0 ? [] : [
    `  if ((CURRENT > 2)) && [[ $words[2] == (${names.join("|")}) ]]; then`,
    "    shift words",
    "    ((CURRENT--))",
    `    ${functionName(command)}_$words[1]`,
    "    return",
    "  fi",
  ];
  const specifications = [...command.options.map(optionSpecification), ...argumentSpecifications(command)];
  return [
    ...commandList(command),
    `${functionName(command)}() {`,
    ...dispatch,
    "  _arguments -s -S : \\",
    specifications.map((specification) => `    ${specification}`).join(" \\\n"),
    "}",
    "",
  ];
}

/** Writes the script that zsh loads, from its `fpath` or by `source`. */
export function zshScript(program: CommandGrammar): string {
  const functions = allCommands(program).flatMap(commandFunction);
  return `#compdef sluice
# Completions of sluice for zsh, made by: sluice completions zsh

${functions.join("\n")}
# Autoloaded from fpath, this file is the body of the first call; sourced, it only defines the function.
if [[ $funcstack[1] == _sluice ]]; then
  _sluice "$@"
else
  compdef _sluice sluice
fi
`;
}
