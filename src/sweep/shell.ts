/**
 * The parts of a sweep's scripts that all executors share, in POSIX shell.
 *
 * @module
 */

/** Kinds of scripts: for a shell, for Slurm, for Kubernetes. */
export const scriptKinds = ["sh", "slurm", "k8s"] as const;

/** A value of `sweep --emit`. */
export type ScriptKind = typeof scriptKinds[number];

/** Quotes any text as one word of a script. */
export function quoteWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Quotes texts as words with blanks between them. */
export function quoteWords(words: readonly string[]): string {
  return words.map(quoteWord).join(" ");
}

/** A job's name, made from a folder's name: letters, digits and dashes. */
export function jobName(folder: string): string {
  return `sluice-${folder.replace(/[^A-Za-z0-9]+/g, "-").slice(0, 32)}`.replace(/-+$/, "");
}

/** The sweep that a script runs. */
export interface ScriptedSweep {
  /** Absolute path of the sweep's folder. */
  readonly folder: string;
  /**
   * Names of the runs in order. The script contains them, so that a later change of the plan does not renumber its
   * tasks.
   */
  readonly runs: readonly string[];
  /** How often a failed run is retried. */
  readonly retries: number;
  /** The program with its arguments before the command's name. */
  readonly command: readonly string[];
}

/** Sets `$1` to the run of an index. @param index name of the shell variable with the index, from 0. */
export function chooseRun(runs: readonly string[], index: string): string {
  return `set -- ${quoteWords(runs)}\nshift "$${index}"\n`;
}

/**
 * The shell function `attempt RUN`. It starts one process for the run, appends its output to the run's log, and sets
 * `$status` to its exit status. It forwards the script's signals to the process, which then saves; `$asked` names the
 * last signal.
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
  # Forward a signal that came before the process had started.
  if [ -n "$asked" ]; then kill -s "$asked" "$child" 2>/dev/null; fi
  # A signal interrupts wait, not the process.
  while :; do
    wait "$child"
    status=$?
    kill -0 "$child" 2>/dev/null || break
  done
  # If the process ended as a signal came, some shells return its status only now, and others have returned it already (127 here).
  wait "$child" 2>/dev/null
  known=$?
  if [ "$known" -ne 127 ]; then status=$known; fi
  child=
  # The signal came before the process could handle it: there is nothing to save.
  if [ "$asked" = USR1 ] && [ "$status" -gt 128 ]; then status=75; fi
  # A process that ended by itself has recorded its failure.
  case $status in
  0 | 75) ;;
  *) if [ -z "$asked" ] && [ ! -e "$failure" ]; then echo "ended with status $status" >"$failure"; fi ;;
  esac
  return "$status"
}
`;
}

/**
 * The shell function `complete RUN`. It attempts a run until it is done. It gives up after a wrong request (status 2),
 * after a signal, or if no retry is left.
 */
export function completeFunction({ retries }: Pick<ScriptedSweep, "retries">): string {
  return `complete() {
  failures=0
  until attempt "$1"; do
    case $status in 2 | 75) return "$status" ;; esac
    if [ -n "$asked" ] || [ "$failures" -ge ${retries} ]; then return "$status"; fi
    failures=$((failures + 1))
    echo "$1: ended with status $status, retrying" >&2
  done
}
`;
}

/**
 * A script that does all runs one after another, and continues after a failure. Started again, it does the remaining
 * runs.
 */
export function sequentialScript(sweep: ScriptedSweep): string {
  return `#!/bin/sh
# Does the runs of one sweep, one after another. Started again, it does the remaining runs.

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
