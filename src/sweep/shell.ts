/**
 * Scripts that work through a sweep's runs: what those of all executors share, in the words of any POSIX shell.
 *
 * @module
 */

/** The scripts that a sweep can be written as: for a shell, for Slurm, for Kubernetes. */
export const scriptKinds = ["sh", "slurm", "k8s"] as const;

/** The name of a kind of script. */
export type ScriptKind = typeof scriptKinds[number];

/** A text as one word of a script, whatever it holds. */
export function quoteWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Several words. */
export function quoteWords(words: readonly string[]): string {
  return words.map(quoteWord).join(" ");
}

/** A name of letters, digits and dashes for a job, from a folder's. */
export function jobName(folder: string): string {
  return `sluice-${folder.replace(/[^A-Za-z0-9]+/g, "-").slice(0, 32)}`.replace(/-+$/, "");
}

/** What a script is to work on. */
export interface ScriptedSweep {
  /** The sweep's folder, its whole path. */
  readonly folder: string;
  /** Names of the runs, in order: they stand in the script, so that no later change of the plan moves them. */
  readonly runs: readonly string[];
  /** How often a run that failed is tried again. */
  readonly retries: number;
  /** The program with its first arguments, before the name of a command. */
  readonly command: readonly string[];
}

/** Sets the positional parameters to the runs from that of an index on; `$1` is the run itself. */
export function chooseRun(runs: readonly string[], index: string): string {
  return `set -- ${quoteWords(runs)}\nshift "$${index}"\n`;
}

/**
 * The function `attempt RUN`: works on a run in a process of its own, whose output goes to the run's log and whose exit
 * status is left in `$status`. Signals that reach the script are passed on to that process, which saves; `$asked` names
 * the last one.
 */
export function attemptFunction({ folder, command }: Omit<ScriptedSweep, "runs" | "retries">): string {
  return `folder=${quoteWord(folder)}

asked=
child=
ask() {
  asked=$1
  if [ -n "$child" ]; then kill -s "$1" "$child" 2>/dev/null; fi
}
trap 'ask TERM' TERM INT HUP
trap 'ask USR1' USR1 USR2

attempt() {
  failure=$folder/tasks/$1.failed
  rm -f "$failure"
  ${quoteWords(command)} sweep task -- "$folder" "$1" >>"$folder/tasks/$1.log" 2>&1 &
  child=$!
  # One that came before there was anyone to pass it on to.
  if [ -n "$asked" ]; then kill -s "$asked" "$child" 2>/dev/null; fi
  # A signal ends the waiting, not the process.
  while :; do
    wait "$child"
    status=$?
    kill -0 "$child" 2>/dev/null || break
  done
  # The process may have ended just as a signal came: shells that reap it then still know its status, others have told it already.
  wait "$child" 2>/dev/null
  known=$?
  if [ "$known" -ne 127 ]; then status=$known; fi
  child=
  # Asked before it could listen: there is nothing to save.
  if [ "$asked" = USR1 ] && [ "$status" -gt 128 ]; then status=75; fi
  # A process that could, has said why it failed.
  case $status in
  0 | 75) ;;
  *) if [ -z "$asked" ] && [ ! -e "$failure" ]; then echo "ended with status $status" >"$failure"; fi ;;
  esac
  return "$status"
}
`;
}

/**
 * The function `complete RUN`: attempts a run until it is done, or there is no point in trying again: after a wrong
 * request (2), after a signal, or as often as it may fail.
 */
export function completeFunction({ retries }: Pick<ScriptedSweep, "retries">): string {
  return `complete() {
  failures=0
  until attempt "$1"; do
    case $status in 2 | 75) return "$status" ;; esac
    if [ -n "$asked" ] || [ "$failures" -ge ${retries} ]; then return "$status"; fi
    failures=$((failures + 1))
    echo "$1: ended with status $status, and is tried again" >&2
  done
}
`;
}

/**
 * A script that does all runs, one after the other, going on past those that fail; what is done stays done when it is
 * started again.
 */
export function sequentialScript(sweep: ScriptedSweep): string {
  return `#!/bin/sh
# The runs of one sweep, one after the other. Started again, it does what is left.

${attemptFunction(sweep)}
${completeFunction(sweep)}
set -- ${quoteWords(sweep.runs)}
failed=
for run in "$@"; do
  echo "$run" >&2
  complete "$run" && continue
  if [ -n "$asked" ] || [ "$status" -eq 75 ]; then exit "$status"; fi
  failed="$failed $run"
done
if [ -n "$failed" ]; then
  echo "failed:$failed; their logs are in $folder/tasks" >&2
  exit 1
fi
`;
}
