/**
 * The completions for fish 3.1 or newer.
 *
 * @module
 */

import { allCommands, type CommandGrammar, type ValueGrammar } from "./grammar.ts";

/** Quotes a text as one word of the shell. */
function quote(text: string): string {
  return `'${text.replace(/[\\']/g, "\\$&")}'`;
}

/** A `complete` line whose words are offered while a condition holds. */
function line(condition: string, ...parts: readonly string[]): string {
  return ["complete -c sluice", `-n ${quote(condition)}`, ...parts].join(" ");
}

/** The parts of a `complete` line that offer a value. Fish offers files unless `-f` forbids them. */
function valueParts({ words, path }: ValueGrammar): string[] {
  const folders = path === "folder" ? ["(__fish_complete_directories (__sluice_typed))"] : [];
  const offered = [...words, ...folders];
  const list = offered.length === 0 ? [] : [`-a ${quote(offered.join(" "))}`];
  return path === "file" ? ["-F", ...list] : ["-f", ...list];
}

function commandLines(command: CommandGrammar): string[] {
  const path = command.path.join(" ");
  const at = `__sluice_at ${JSON.stringify(path)}`;
  const options = command.options.map(({ flags, description, value }) => {
    const names = flags.map((flag) => flag.startsWith("--") ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`);
    const parts = value === null ? [] : ["-r", ...valueParts(value)];
    return line(at, ...names, ...parts, `-d ${quote(description)}`);
  });
  const subcommands = command.commands.map(({ path: below, description }) => {
    return line(`${at} 0`, "-f", `-a ${quote(below.at(-1) ?? "")}`, `-d ${quote(description)}`);
  });
  const values = command.arguments.map((value, index) => line(`${at} ${index}`, ...valueParts(value)));
  return [...subcommands, ...values, ...options];
}

/** Writes the script that fish loads. */
export function fishScript(program: CommandGrammar): string {
  const commands = allCommands(program);
  const paths = commands.filter(({ path }) => path.length > 0).map(({ path }) => quote(path.join(" ")));
  const takers = commands.flatMap(({ path, options }) =>
    options.flatMap(({ flags, value }) => value === null ? [] : flags.map((flag) => quote([...path, flag].join(" "))))
  );
  return `# Completions of sluice for fish, made by: sluice completions fish

# True if the line is at a command and, if a number is given too, has that many arguments.
function __sluice_at
    set -l commands ${paths.join(" ")}
    set -l takers ${takers.join(" ")}
    set -l words (commandline -opc)
    set -e words[1]
    set -l path
    set -l given 0
    set -l pending 0
    for word in $words
        if test $pending = 1
            set pending 0
            continue
        end
        switch $word
            case '--*=*'
            case '-*'
                if contains -- (string join -- ' ' $path $word) $takers
                    set pending 1
                end
            case '*'
                if test $given = 0; and contains -- (string join -- ' ' $path $word) $commands
                    set -a path $word
                else
                    set given (math $given + 1)
                end
        end
    end
    test "$path" = "$argv[1]"; and begin
        test (count $argv) = 1; or test $given = $argv[2]
    end
end

# The part of a value that has been typed, without the flag before it.
function __sluice_typed
    string replace -r -- '^--[^=]*=' '' (commandline -ct)
end

complete -c sluice -f
${commands.flatMap(commandLines).join("\n")}
`;
}
