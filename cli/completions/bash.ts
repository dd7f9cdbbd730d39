/**
 * The completions for bash 4.0 or newer. They work without the package `bash-completion`, which only loads them.
 *
 * @module
 */

import { allCommands, type CommandGrammar, type ValueGrammar } from "./grammar.ts";

/** Words in single quotes. No word of the command line has a quote in it. */
function quote(words: readonly string[]): string {
  return `'${words.join(" ")}'`;
}

/** The values of a command by their keys: the command's path with a flag, or with the index of an argument. */
function keyedValues(command: CommandGrammar): (readonly [key: string, value: ValueGrammar])[] {
  const path = command.path.join(" ");
  const options = command.options.flatMap(({ flags, value }) =>
    value === null ? [] : flags.map((flag) => [`${path} ${flag}`, value] as const)
  );
  return [...options, ...command.arguments.map((value, index) => [`${path} ${index}`, value] as const)];
}

/** The branches of a `case` over the keys of values. Keys with equal values share a branch. */
function valueCases(commands: readonly CommandGrammar[]): string {
  const keys = new Map<string, string[]>();
  for (const [key, { words, path }] of commands.flatMap(keyedValues)) {
    const body = `words=${quote(words)} path=${path ?? ""}`;
    keys.set(body, [...keys.get(body) ?? [], quote([key])]);
  }
  return [...keys].map(([body, patterns]) => `    ${patterns.join(" | ")}) ${body} ;;`).join("\n");
}

function commandCases(commands: readonly CommandGrammar[]): string {
  return commands.map(({ path, options, commands: below }) => {
    const flags = quote(options.flatMap((option) => option.flags));
    return `    ${quote(path)}) commands=${quote(below.map((child) => child.path.at(-1) ?? ""))} flags=${flags} ;;`;
  }).join("\n");
}

/** Writes the script that bash loads. */
export function bashScript(program: CommandGrammar): string {
  const commands = allCommands(program);
  return `# Completions of sluice for bash, made by: sluice completions bash

# Sets words and path to the values of an option or an argument. Fails if the key names neither.
_sluice_value() {
  words='' path=''
  case $1 in
${valueCases(commands)}
    *) return 1 ;;
  esac
}

# Sets commands and flags to those of a command.
_sluice_command() {
  case $1 in
${commandCases(commands)}
  esac
}

# Completes the last word that is given; the words before it are the line so far.
_sluice_complete() {
  local command='' given=0 pending='' prefix='' commands flags words path word typed IFS=$' \\t\\n'
  while (($# > 1)); do
    shift
    (($# == 1)) && break
    word=$1
    if [[ -n $pending ]]; then pending=''; continue; fi
    case $word in
      --*=*) ;;
      -*) if _sluice_value "$command $word"; then pending=$word; fi ;;
      *)
        _sluice_command "$command"
        if ((given == 0)) && [[ " $commands " == *" $word "* ]]; then
          command=\${command:+$command }$word
        else
          given=$((given + 1))
        fi
        ;;
    esac
  done
  typed=$1 words='' path=''
  _sluice_command "$command"
  if [[ -n $pending ]]; then
    _sluice_value "$command $pending"
  elif [[ $typed == --*=* ]]; then
    _sluice_value "$command \${typed%%=*}" || return
    [[ $COMP_WORDBREAKS == *=* ]] || prefix=\${typed%%=*}=
    typed=\${typed#*=}
  elif [[ $typed == -* ]]; then
    words=$flags
  else
    # Offer flags only if no value and no command can follow.
    _sluice_value "$command $given" || [[ $given == 0 && -n $commands ]] || words=$flags
    ((given == 0)) && words+=" $commands"
  fi
  # Bash completes paths itself, and quotes them.
  case $path in
    file) compopt -o default ;;
    folder) compopt -o plusdirs ;;
  esac
  COMPREPLY=($(compgen -P "$prefix" -W "$words" -- "$typed"))
}

_sluice() {
  local line=$COMP_LINE joined=() word index
  # Bash also breaks words at = and : so join a part to the word before it if no blank separates them.
  for ((index = 0; index <= COMP_CWORD; index++)); do
    word=\${COMP_WORDS[index]}
    if ((index == 0)) || [[ $line == [[:blank:]]* ]]; then
      joined+=("$word")
    else
      joined[\${#joined[@]}-1]+=$word
    fi
    line=\${line#"\${line%%[![:blank:]]*}"}
    line=\${line#"$word"}
  done
  _sluice_complete "\${joined[@]}"
}

complete -F _sluice sluice
`;
}
