/**
 * Formats `--help`, and adds the sections on exit status, environment and files to the program's help.
 *
 * @module
 */

import { type CommandUnknownOpts, Help, type HelpConfiguration } from "@commander-js/extra-typings";
import { helpTopicNames } from "./help_topics.ts";
import { ExitStatus, stopStatuses } from "./ui/errors.ts";

/** A section of the help: a heading, and rows of a name and its description. */
type Section = readonly [heading: string, rows: readonly (readonly [name: string, description: string])[]];

const exitStatuses: Section = ["Exit status:", [
  [String(ExitStatus.done), "done"],
  [String(ExitStatus.failed), "the work failed"],
  [
    String(ExitStatus.wrongRequest),
    "the request was wrong; one line on stderr names the fault and the remedy, and nothing was written",
  ],
  [String(stopStatuses.SIGUSR1), "saved, then stopped by SIGUSR1 or SIGUSR2 (a cluster's notice)"],
  [
    `${stopStatuses.SIGHUP}, ${stopStatuses.SIGINT}, ${stopStatuses.SIGTERM}`,
    "saved, then stopped by SIGHUP (ignored under nohup), SIGINT or SIGTERM; a second SIGINT stops without saving",
  ],
]];

const environment: Section = ["Environment:", [
  ["SLUICE_DATA", "folder of data sets (default: sluice in XDG_CACHE_HOME, else in ~/.cache)"],
  ["SLUICE_NATIVE", "folder of the native libraries (default: their build folder)"],
  [
    "SLUICE_CACHE",
    "folder of the executable's unpacked files (default: sluice/program in XDG_CACHE_HOME, else in ~/.cache, " +
    "else a folder in TMPDIR if neither is usable)",
  ],
  ["NO_COLOR", "disables colours if set and not empty"],
  ["TERM", "dumb: plain lines, without a bar or colours"],
  ["SLUICE_CUDA_LIBS", "folders of cuDNN, cuBLASLt, NVRTC and NCCL, separated by colons; searched before all others"],
  ["CUDA_HOME, CUDA_PATH", "NVIDIA's toolkit, searched for these libraries"],
  ["PATH", "the installation of its first python3 is searched for libraries of NVIDIA's that pip or conda installed"],
  ["VIRTUAL_ENV, CONDA_PREFIX", "further environments of Python to search"],
  ["CUDA_VISIBLE_DEVICES", "the GPUs that NVIDIA's driver shows; empty or -1 hides all, without a remark"],
  ["PYENV_ROOT, PYENV_VERSION", "the versions to search if that python3 is pyenv's"],
  [
    "SLUICE_PLAIN_TILES",
    "1: what AMX multiplies in tiles is multiplied slowly without it, to the same bits, for tests",
  ],
]];

const written: Section = ["Files that sluice writes:", [
  ["--out, --figures", "runs, sweeps, pages, pictures, features and networks"],
  ["the run's folder", "additions of `pretrain --resume`, `evaluate` and `sweep`"],
  ["SLUICE_DATA", "downloads of `data fetch`; no other command uses the network"],
  ["SLUICE_CACHE", "the executable's own files, unpacked by its first run"],
]];

const sections = [exitStatuses, environment, written];

/** The sections as text, wrapped like the rest of the help. */
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

/** The help of the program and of all its commands. */
export const helpConfiguration: HelpConfiguration = {
  // Leaves out commander's list of choices: the description or the placeholder names them already.
  optionDescription: ({ description, defaultValue }) =>
    defaultValue === undefined ? description : `${description} (default: ${defaultValue})`,
  argumentDescription: ({ description }) => description,
  formatHelp: (command: CommandUnknownOpts, helper: Help) => {
    const help = Help.prototype.formatHelp.call(helper, command, helper);
    return command.parent === null ? `${help}\n${formatSections(helper)}` : help;
  },
};
