/**
 * `sluice sweep`: many runs from one spec, on this machine or on a cluster.
 *
 * @module
 */
import { type CommandUnknownOpts, Option } from "@commander-js/extra-typings";
import { scriptKinds } from "../../src/sweep/shell.ts";
import { addCommonOptions, addExamples, addOutputOptions, addRunOptions, outputOptions } from "../options.ts";

/** What can begin the runs. */
const executors = ["local", "slurm"] as const;

/** Loads what `sweep` and the commands below it do, when one of them runs. */
const actions = () => import("./sweep_action.ts");

function addSubcommands(sweep: CommandUnknownOpts): void {
  const task = sweep.command("task").argument("<DIR>", "folder of a sweep").argument("<NAME>", "name of a run")
    .description("completes one run of a sweep; executors and scripts start this command")
    .action(async (path, name, _options, self) => (await actions()).runSweepTask(path, name, self));
  addCommonOptions(task);
  const status = sweep.command("status").argument("<DIR>", "folder of a sweep")
    .description("how far each run of a sweep is")
    .action(async (path, _options, self) => (await actions()).showSweep(path, outputOptions(self)));
  const cancel = sweep.command("cancel").argument("<DIR>", "folder of a sweep")
    .description("makes the sweep save and stop: running runs save, and no further run starts")
    .action(async (path, _options, self) => (await actions()).runCancel(path, self));
  for (const command of [status, cancel]) addOutputOptions(command);
  addExamples(task, ["sluice sweep task sweeps/budgets budget=0.3,seed=1"]);
  addExamples(status, ["sluice sweep status sweeps/budgets", "sluice sweep status sweeps/budgets --json"]);
  addExamples(cancel, ["sluice sweep cancel sweeps/budgets"]);
}

/** Adds `sweep` with its subcommands to the program. */
export function addSweep(program: CommandUnknownOpts): void {
  const executor = new Option(
    `--executor <${executors.join("|")}>`,
    "what works through the runs: this machine, or Slurm with a job array",
  ).choices(executors);
  const emit = new Option(
    `--emit <${scriptKinds.join("|")}>`,
    "print a script that does what is left to do, and begin nothing",
  ).choices(scriptKinds);
  const command = program.command("sweep").helpCommand(false).enablePositionalOptions().optionsGroup("Sweep:")
    .description("trains many runs from one file: budgets x modes x seeds x anything; resumes where it stopped")
    .argument("[SPEC]", "YAML file: base, grid or runs, seeds, evaluate, retries, slurm, kubernetes")
    .option("-o, --out <DIR>", "the sweep's folder, new or to resume; required")
    .option("--jobs <N>", "runs at a time (default: 1, or one on each GPU; on a cluster as the spec says, or all)")
    .option(
      "--dry-run",
      "check everything, print the runs and an estimate of their time and disk space, and begin nothing",
    )
    .addOption(executor).addOption(emit)
    .action(async (path, _options, self) => (await actions()).runSweep(path, self));
  addRunOptions(command, ["data"]);
  addCommonOptions(command);
  addSubcommands(command);
  addExamples(command, [
    "sluice sweep budgets.yaml --out sweeps/budgets --dry-run",
    "sluice sweep budgets.yaml --out sweeps/budgets --jobs 2",
    "sluice sweep budgets.yaml --out sweeps/budgets --executor slurm",
    "sluice sweep status sweeps/budgets",
    "sluice sweep budgets.yaml --out sweeps/budgets --emit sh > budgets.sh",
    "sluice sweep budgets.yaml --out /shared/budgets --emit k8s | kubectl create -f -",
  ]);
}
