/**
 * How `--help` is drawn: options as their tables describe them, and under the commands what holds for all of them.
 *
 * @module
 */

import { type CommandUnknownOpts, Help, type HelpConfiguration } from "@commander-js/extra-typings";
import { helpTopicNames } from "./help_topics.ts";
import { ExitStatus, stopStatuses } from "./ui/errors.ts";

/** A part of the help: its heading, and rows of a name and what it is. */
type Section = readonly [heading: string, rows: readonly (readonly [name: string, description: string])[]];

const exitStatuses: Section = ["Exit status:", [
  [String(ExitStatus.done), "done"],
  [String(ExitStatus.failed), "the work failed"],
  [
    String(ExitStatus.wrongRequest),
    "the request was wrong; one line on stderr names the thing and the remedy, and nothing was written",
  ],
  [String(stopStatuses.SIGUSR1), "stopped by SIGUSR1 or SIGUSR2 (a cluster's notice), after saving"],
  [
    `${stopStatuses.SIGHUP}, ${stopStatuses.SIGINT}, ${stopStatuses.SIGTERM}`,
    "stopped by SIGHUP (unless nohup has it ignored), SIGINT, SIGTERM, after saving; a second SIGINT does not wait",
  ],
]];

const environment: Section = ["Environment:", [
  ["SLUICE_DATA", "folder of data sets (default: sluice in XDG_CACHE_HOME, or else in ~/.cache)"],
  ["SLUICE_NATIVE", "folder of the native libraries (default: where they were built)"],
  [
    "SLUICE_CACHE",
    "folder of the executable's unpacked files (default: sluice/program in XDG_CACHE_HOME, or else in ~/.cache; " +
    "where neither can be used, a folder in TMPDIR)",
  ],
  ["NO_COLOR", "disables colours if set and not empty"],
  ["TERM", "dumb: plain lines, with no bar and no colours"],
  ["CUDA_HOME, CUDA_PATH", "NVIDIA's toolkit, where cuDNN and cuBLASLt are looked for"],
  ["VIRTUAL_ENV, CONDA_PREFIX", "environments of Python, where they are looked for as pip installs them"],
]];

const written: Section = ["What is written where:", [
  ["--out, --figures", "runs, sweeps, pages, pictures, features and networks, where these name them"],
  ["the run's folder", "what `pretrain --resume`, `evaluate` and `sweep` add to a run"],
  ["SLUICE_DATA", "what `data fetch` downloads; no other command uses the network"],
  ["SLUICE_CACHE", "the executable's own files, when it is first run"],
]];

const sections = [exitStatuses, environment, written];

/** What all commands have in common, wrapped as the rest of the help is. */
function formatSections(helper: Help): string {
  const width = Math.max(...sections.flatMap(([, rows]) => rows.map(([name]) => name.length)));
  const lines = sections.flatMap(([heading, rows]) => [
    helper.styleTitle(heading),
    ...rows.map(([name, description]) => helper.formatItem(name, width, description, helper)),
    "",
  ]);
  const topics = `Topics: ${helpTopicNames.join(", ")}`;
  return [
    ...lines,
    ...helper.boxWrap(topics, helper.helpWidth ?? 80).split("\n"),
    "",
    "For a command: sluice pretrain --help. For a topic: sluice help budgets",
    "",
  ].join("\n");
}

/** How the program and all its commands draw their help. */
export const helpConfiguration: HelpConfiguration = {
  // Words that an option takes are named in its help or placeholder already.
  optionDescription: ({ description, defaultValue }) =>
    defaultValue === undefined ? description : `${description} (default: ${defaultValue})`,
  argumentDescription: ({ description }) => description,
  formatHelp: (command: CommandUnknownOpts, helper: Help) => {
    const help = Help.prototype.formatHelp.call(helper, command, helper);
    return command.parent === null ? `${help}\n${formatSections(helper)}` : help;
  },
};
