/**
 * `sluice pretrain`: trains the encoders of one run.
 *
 * @module
 */

import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import process from "node:process";
import { InvalidInputError, InvalidOptionError } from "../../src/errors.ts";
import type { ConfigSources, RunConfig } from "../../src/config/config.ts";
import { kebabCase } from "../../src/config/options.ts";
import { quoteWord } from "../../src/sweep/shell.ts";
import { presets } from "../../src/config/presets.ts";
import {
  addCommonOptions,
  addExamples,
  addRunOptions,
  givenRunOptions,
  outputOptions,
  ownRunOptions,
  wordOption,
} from "../options.ts";
import type { TrainingOutcome } from "../training.ts";
import { type OutputOptions, remark, writeResult, writeVerbatim } from "../ui/output.ts";
import { markedShare } from "../ui/missed_budget.ts";
import { formatTable, megaMacs, percent } from "../ui/tables.ts";

/** Where the configuration comes from, and the run folder that the command line or its file names. */
async function readRequest(command: CommandUnknownOpts): Promise<{ sources: ConfigSources; out: string | undefined }> {
  const { config: path, preset, out }: Record<string, unknown> = command.opts();
  const file = typeof path === "string"
    ? (await import("../../src/config/config_file.ts")).readConfigFile(path)
    : undefined;
  const sources = {
    flags: givenRunOptions(command),
    ...(file === undefined ? {} : { file }),
    ...(typeof preset === "string" ? { preset } : {}),
  };
  return { sources, out: typeof out === "string" ? out : file?.out };
}

function describeNetworks({ run, networks, budgetMissed, isLabelled }: TrainingOutcome): string {
  if (Object.keys(networks).length === 0) {
    return isLabelled
      ? `not evaluated; to do so: sluice evaluate ${quoteWord(run)}`
      : `not evaluated: its images have no labels; for their features: sluice embed ${
        quoteWord(run)
      } train -o FILE.npy`;
  }
  const rows = Object.entries(networks).map(([name, { knn20, onlineProbe, cost }]) => [
    name,
    percent(knn20),
    onlineProbe === undefined ? "-" : percent(onlineProbe.top1),
    megaMacs(cost.macs),
    markedShare(cost.share, name === "gated" ? budgetMissed : null),
  ]);
  return formatTable(["network", "20-NN", "online probe", "MACs", "cost share"], rows);
}

/** The configuration that a run would have; the default batch follows from images and memory, if the images are here. */
async function configToShow(sources: ConfigSources, output: OutputOptions): Promise<RunConfig> {
  const { isGiven, resolveConfig } = await import("../../src/config/config.ts");
  const config = resolveConfig(sources);
  if (isGiven("batch", sources)) return config;
  const { fittedConfig } = await import("../training.ts");
  try {
    return await fittedConfig(sources, output);
  } catch (error) {
    // Options that do not fit are wrong wherever the images are; images that are not here may be where the run will be.
    if (!(error instanceof InvalidInputError) || error instanceof InvalidOptionError) throw error;
    remark(output, `batch ${config.batch}, unless there are fewer images or less memory: ${error.message}`);
    return config;
  }
}

/** Prints the configuration as `config.yaml` would hold it. */
async function showConfig(sources: ConfigSources, output: OutputOptions): Promise<void> {
  const { configByKey, formatConfig } = await import("../../src/config/config_file.ts");
  const config = await configToShow(sources, output);
  writeVerbatim(output, configByKey(config), () => formatConfig(config).trimEnd());
}

/** Prints the objectives there are. */
async function listObjectives(output: OutputOptions): Promise<void> {
  const { objectiveKinds } = await import("../../src/objectives/mod.ts");
  const listed = objectiveKinds.map(({ name, description }) => ({ name, description }));
  writeResult(output, listed, () => {
    return formatTable(["objective", "what it is"], listed.map(({ name, description }) => [name, description]), "left");
  });
}

/** Prints what a run came to; one that was stopped ends the command with the status of the signal. */
function report(outcome: TrainingOutcome, output: OutputOptions): void {
  const { stopStatus, isNew: _isNew, isLabelled: _isLabelled, ...result } = outcome;
  if (stopStatus !== null) process.exitCode = stopStatus;
  else writeResult(output, result, () => describeNetworks(outcome));
}

/** Goes on with a run. */
async function resume(command: CommandUnknownOpts, path: string, output: OutputOptions): Promise<void> {
  const { refuseOtherSources } = await import("../resumption.ts");
  const { resumeRun } = await import("../training.ts");
  const values: Record<string, unknown> = command.opts();
  refuseOtherSources(values);
  const renewal = {
    given: givenRunOptions(command),
    stretchSchedule: values["stretchSchedule"] === true,
    acceptChangedImages: values["acceptChangedImages"] === true,
  };
  report(await resumeRun(path, renewal, output), output);
}

/** Begins a run, goes on with one, or says what it would be. */
async function runPretrain(command: CommandUnknownOpts): Promise<void> {
  const output = outputOptions(command);
  const values: Record<string, unknown> = command.opts();
  const { objective, printConfig, resume: resumed } = values;
  if (objective === "list") return await listObjectives(output);
  if (typeof resumed === "string") return await resume(command, resumed, output);
  const early = ["stretchSchedule", "acceptChangedImages"].find((name) => values[name] === true);
  if (early !== undefined) {
    throw new InvalidInputError(`--${kebabCase(early)}: is for a run that goes on; give --resume RUN, or leave it out`);
  }
  const { sources, out } = await readRequest(command);
  if (printConfig === true) return await showConfig(sources, output);
  if (out === undefined || out === "") throw new InvalidInputError("pretrain writes a run folder: give --out RUN");
  const { beginRun } = await import("../training.ts");
  report(await beginRun(sources, out, output), output);
}

/** Adds `pretrain` to the program. */
export function addPretrain(program: CommandUnknownOpts): void {
  const presetNames = Object.keys(presets);
  const command = program.command("pretrain").optionsGroup("Run:")
    .description("train the dense and the gated encoder of one run, without labels")
    .option("-o, --out <RUN>", "folder to make for the run; required, here or in the file")
    .option("--config <FILE>", "YAML file of options, keys as the flags here")
    .addOption(wordOption("--preset <NAME>", `named set of options: ${presetNames.join(", ")}`, presetNames))
    .option("--resume <RUN>", "go on with a run where it was stopped, at any step, as if it never had been")
    .option("--stretch-schedule", "with --resume and more --epochs: go on as in a run that long from its beginning")
    .option(
      "--accept-changed-images",
      "with --resume: go on if image files were changed, renamed, added or removed, though not bit for bit",
    )
    .option("--print-config", "print the whole configuration that this comes to, and train nothing")
    .action((_options, self) => runPretrain(self));
  addRunOptions(command, ownRunOptions);
  addCommonOptions(command);
  addExamples(command, [
    "sluice pretrain --preset demo --out runs/demo",
    "sluice pretrain --preset small --dataset cifar10 --data cifar-10-batches-bin --out runs/cifar",
    "sluice pretrain --config run.yaml --budget 0.5 --out runs/half --json",
    "sluice pretrain --resume runs/cifar",
    "sluice pretrain --preset paper-cifar10 --print-config",
  ]);
}
