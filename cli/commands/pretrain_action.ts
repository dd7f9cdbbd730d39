/**
 * What `sluice pretrain` does.
 *
 * @module
 */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import process from "node:process";
import { type ConfigSources, isGiven, resolveConfig, type RunConfig } from "../../src/config/config.ts";
import { configByKey, formatConfig, readConfigFile } from "../../src/config/config_file.ts";
import { gateOptions, kebabCase } from "../../src/config/options.ts";
import { InvalidInputError, InvalidOptionError } from "../../src/errors.ts";
import { objectiveKinds } from "../../src/objectives/mod.ts";
import { quoteWord } from "../../src/sweep/shell.ts";
import { beginRun, fittedConfig } from "../../src/training/begin_run.ts";
import { resumeRun } from "../../src/training/resume_run.ts";
import type { RunObserver, RunOutcome } from "../../src/training/run_setup.ts";
import { givenRunOptions, outputOptions } from "../options.ts";
import { TrainingSession } from "../sessions.ts";
import { markedShare } from "../ui/missed_budget.ts";
import { type OutputOptions, remark, writeResult, writeVerbatim } from "../ui/output.ts";
import { formatTable, megaMacs, percent } from "../ui/tables.ts";

/** The sources of the configuration, and the run folder that the command line or the file names. */
function readRequest(command: CommandUnknownOpts): { sources: ConfigSources; out: string | undefined } {
  const { config: path, preset, out }: Record<string, unknown> = command.opts();
  const file = typeof path === "string" ? readConfigFile(path) : undefined;
  const sources = {
    flags: givenRunOptions(command),
    ...(file === undefined ? {} : { file }),
    ...(typeof preset === "string" ? { preset } : {}),
  };
  return { sources, out: typeof out === "string" ? out : file?.out };
}

function describeNetworks({ run: { path }, networks, budgetMissed, isLabelled }: RunOutcome): string {
  if (Object.keys(networks).length === 0) {
    return isLabelled
      ? `not evaluated; to evaluate: sluice evaluate ${quoteWord(path)}`
      : `not evaluated: the images have no labels; to compute their features: sluice embed ${
        quoteWord(path)
      } train -o FILE.npy; for costs and nearest images: sluice evaluate ${quoteWord(path)}`;
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

/**
 * The configuration that a run would have. The default batch fits images and memory if the images are on this machine.
 */
function configToShow(sources: ConfigSources, output: OutputOptions): RunConfig {
  const config = resolveConfig(sources);
  if (isGiven("batch", sources)) return config;
  try {
    return fittedConfig(sources, new TrainingSession(output));
  } catch (error) {
    // A wrong option is wrong on every machine. Missing images may be on the machine that the run is for.
    if (!(error instanceof InvalidInputError) || error instanceof InvalidOptionError) throw error;
    remark(output, `batch ${config.batch}, unless there are fewer images or less memory: ${error.message}`);
    return config;
  }
}

/** Prints the configuration in the form of `config.yaml`. */
function showConfig(sources: ConfigSources, output: OutputOptions): void {
  const config = configToShow(sources, output);
  writeVerbatim(output, configByKey(config), () => formatConfig(config).trimEnd());
}

/** Prints the names of the objectives. */
function listObjectives(output: OutputOptions): void {
  const listed = objectiveKinds.map(({ name, description }) => ({ name, description }));
  writeResult(output, listed, () => {
    return formatTable(["objective", "what it is"], listed.map(({ name, description }) => [name, description]), "left");
  });
}

/** Trains, and prints the result; if a signal stopped the run, sets the exit status that the signal asks for. */
async function train(output: OutputOptions, work: (observer: RunObserver) => Promise<RunOutcome>): Promise<void> {
  using session = new TrainingSession(output);
  const outcome = await work(session);
  const { seconds, stopStatus } = session;
  const { run: { path: run }, steps, networks, budgetMissed } = outcome;
  if (stopStatus !== null) process.exitCode = stopStatus;
  else writeResult(output, { run, steps, seconds, networks, budgetMissed }, () => describeNetworks(outcome));
}

/** Flags that name another source of the configuration than the run's own. */
const otherSources = ["out", "config", "preset", "printConfig"] as const;

/** Resumes the run in a folder. */
async function resume(command: CommandUnknownOpts, path: string, output: OutputOptions): Promise<void> {
  const values: Record<string, unknown> = command.opts();
  const other = otherSources.find((name) => values[name] !== undefined);
  if (other !== undefined) {
    throw new InvalidInputError(
      `--${kebabCase(other)} with --resume: a run that resumes has its own folder and configuration; leave it out`,
    );
  }
  const renewal = {
    given: givenRunOptions(command),
    stretchSchedule: values["stretchSchedule"] === true,
    acceptChangedImages: values["acceptChangedImages"] === true,
  };
  await train(output, (observer) => resumeRun(path, renewal, observer));
}

/** Says which flags change nothing. They are not refused, because scripts try several modes with the same flags. */
function remarkUnheeded({ flags = {} }: ConfigSources, { mode, bounds }: RunConfig, output: OutputOptions): void {
  const given = gateOptions.filter((name) => flags[name] !== undefined).map((name) => `--${kebabCase(name)}`);
  if (mode === "vanilla" && given.length > 0) {
    remark(output, `${given.join(", ")}: a vanilla run has no gates, so this changes nothing`);
  } else if (!bounds && flags["boundAlpha"] !== undefined) {
    remark(output, "--bound-alpha: the run has no bounds, so this changes nothing; --bounds brings them");
  }
}

/** Begins a run, resumes a run, or prints the configuration that a run would have. */
export async function runPretrain(command: CommandUnknownOpts): Promise<void> {
  const output = outputOptions(command);
  const values: Record<string, unknown> = command.opts();
  const { objective, printConfig, resume: resumed } = values;
  if (objective === "list") return listObjectives(output);
  if (typeof resumed === "string") return await resume(command, resumed, output);
  const early = ["stretchSchedule", "acceptChangedImages"].find((name) => values[name] === true);
  if (early !== undefined) {
    throw new InvalidInputError(`--${kebabCase(early)}: is for a run that resumes; give --resume RUN, or leave it out`);
  }
  const { sources, out } = readRequest(command);
  remarkUnheeded(sources, resolveConfig(sources), output);
  if (printConfig === true) return showConfig(sources, output);
  if (out === undefined || out === "") throw new InvalidInputError("pretrain writes a run folder: give --out RUN");
  await train(output, (observer) => beginRun(sources, out, observer));
}
