/**
 * Runs bash, zsh and fish without a user, and collects the completions that they offer at the end of a line.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import type { Shell } from "../../cli/completions/mod.ts";

// Imitates bash at TAB: breaks the line at blanks, = and :, and completes paths if the script asks for it.
const bash = `
kinds=''
compopt() { kinds+=" $2"; }
source "$1"
while IFS= read -r line; do
  COMP_LINE=$line COMP_POINT=\${#line} COMP_WORDS=() COMPREPLY=() kinds=''
  rest=$line
  while [[ -n $rest ]]; do
    rest=\${rest#"\${rest%%[! ]*}"}
    case $rest in
      [=:]*) word=\${rest%%[!=:]*} ;;
      *) word=\${rest%%[ =:]*} ;;
    esac
    COMP_WORDS+=("$word")
    rest=\${rest#"$word"}
  done
  COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
  _sluice
  last=\${COMP_WORDS[COMP_CWORD]}
  [[ $last == [=:] ]] && last=''
  for word in "\${COMPREPLY[@]}"; do printf '%s\\n' "$word"; done
  [[ $kinds == *default* ]] && compgen -f -- "$last"
  [[ $kinds == *plusdirs* ]] && compgen -d -- "$last"
  echo '<end>'
done
`;

// Starts a zsh in a pseudo-terminal, whose TAB prints the offers and inserts nothing.
const zsh = `
zmodload zsh/zpty
zpty inner zsh -f -i
zpty -w inner "stty -echo; PROMPT= RPROMPT= PS2=; unsetopt zle_bracketed_paste prompt_cr prompt_sp; unset zle_bracketed_paste"
zpty -w inner "cd \${(q)PWD}; autoload -Uz compinit; compinit -u -D; source \${(q)1}"
zpty -w inner 'compadd() {
  case "\${@[1,(i)(-|--)]}" in (*-[OAD]*) builtin compadd "$@"; return ;; esac
  local -a hits; builtin compadd -A hits "$@"
  local hit; for hit in $hits; do print -r -- "<hit>$hit<tih>"; done
  builtin compadd "$@"
}'
zpty -w inner 'show() { print "<begin>"; _main_complete; print "<end>"; compstate[insert]= compstate[list]= }'
zpty -w inner 'zle -C show complete-word show; bindkey "^I" show; bindkey "^U" kill-whole-line; print "<rea""dy>"'
zpty -r inner text '*<ready>*'
while IFS= read -r line; do
  zpty -w -n inner $'\\C-u'"$line"$'\\t'
  zpty -r inner text '*<begin>*<end>*'
  print -r -- \${\${text##*<begin>}//$'\\r'/}
done
zpty -d inner
`;

const fish = `
source $argv[1]
while read -l line
    complete -C "$line"
    echo '<end>'
end
`;

/** Arguments that start a shell with its program above. The completion script is the next argument. */
const starts: Readonly<Record<Shell, readonly string[]>> = {
  bash: ["--norc", "--noprofile", "-c", bash, "bash"],
  zsh: ["-f", "-c", zsh, "zsh"],
  fish: ["--no-config", "-c", fish],
};

/** Extracts the offers from a shell's answer, sorted and without repetitions. */
function readOffers(shell: Shell, answer: string): string[] {
  const lines = shell === "zsh"
    ? [...answer.matchAll(/<hit>(.*)<tih>/g)].map(([, hit]) => hit ?? "")
    : answer.split("\n");
  const names = lines.map((line) => line.split("\t")[0]?.replace(/^--[^=]*=|\/$/g, "").trim() ?? "");
  return [...new Set(names.filter((name) => name !== ""))].sort();
}

/** Whether a shell is installed here. */
export async function isInstalled(shell: Shell): Promise<boolean> {
  try {
    return (await new Deno.Command(shell, { args: ["-c", "exit"], stdin: "null" }).output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** The files of a shell. */
export interface Place {
  /** Folder with `work`, the shell's current folder, and `home`, its home folder. */
  readonly folder: string;
  /** Path of the completion script. */
  readonly script: string;
}

/** The sorted offers of a shell at the end of each line. */
export async function complete(shell: Shell, { folder, script }: Place, lines: readonly string[]): Promise<string[][]> {
  const home = join(folder, "home");
  const child = new Deno.Command(shell, {
    args: [...starts[shell], script],
    cwd: join(folder, "work"),
    env: { HOME: home, XDG_CONFIG_HOME: home, XDG_DATA_HOME: home, XDG_CACHE_HOME: home, TERM: "dumb", LC_ALL: "C" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  const written = writer.write(new TextEncoder().encode(lines.map((line) => `${line}\n`).join(""))).then(() =>
    writer.close()
  );
  const [{ stdout, stderr }] = await Promise.all([child.output(), written]);
  const decoder = new TextDecoder();
  assertEquals(decoder.decode(stderr), "");
  const answers = decoder.decode(stdout).split("<end>").slice(0, -1);
  assertEquals(answers.length, lines.length, decoder.decode(stdout));
  return answers.map((answer) => readOffers(shell, answer));
}
