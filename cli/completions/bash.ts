/**
 * The completions of bash, 4.0 or newer. They need nothing besides: the package `bash-completion` only loads them.
 *
 * @module
 */

import { allCommands, type CommandGrammar, type ValueGrammar } from "./grammar.ts";

/** Words in single quotes; none of ours has one. */
function quote(words: readonly string[]): string {
  return `'${words.join(" ")}'`;
}

/** What is looked up by a command and one of its flags, or the number of one of its arguments. */
function keyedValues(command: CommandGrammar): (readonly [key: string, value: ValueGrammar])[] {
  const path = command.path.join(" ");
  const options = command.options.flatMap(({ flags, value }) =>
    value === null ? [] : flags.map((flag) => [`${path} ${flag}`, value] as const)
  );
  return [...options, ...command.arguments.map((value, index) => [`${path} ${index}`, value] as const)];
}

/** The branches of a `case` over such keys, those with the same values as one. */
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

/** The script to load in bash. */
export function bashScript(program: CommandGrammar): string {
  const commands = allCommands(program);
  return `# Completions of sluice for bash, made by: sluice completions bash

# What may be given to an option or an argument: sets words and path. Fails where there is none such.
_sluice_value() {
  words='' path=''
  case $1 in
${valueCases(commands)}
    *) return 1 ;;
  esac
}

# What a command has: sets commands and flags.
_sluice_command() {
  case $1 in
${commandCases(commands)}
  esac
}

# Completes the last of the words given, which the others stand before.
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
    # Where nothing else may follow, flags may.
    _sluice_value "$command $given" || [[ $given == 0 && -n $commands ]] || words=$flags
    ((given == 0)) && words+=" $commands"
  fi
  # Bash itself completes paths, quoting what needs it.
  case $path in
    file) compopt -o default ;;
    folder) compopt -o plusdirs ;;
  esac
  COMPREPLY=($(compgen -P "$prefix" -W "$words" -- "$typed"))
}

_sluice() {
  local line=$COMP_LINE joined=() word index
  # Bash breaks words at = and : too: what no blank stands before is a part of the word before.
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
