/**
 * `sluice pretrain`: trains the encoders of one run.
 *
 * @module
 */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { presets } from "../../src/config/presets.ts";
import { addCommonOptions, addExamples, addRunOptions, ownRunOptions, wordOption } from "../options.ts";

/** Adds `pretrain` to the program. */
export function addPretrain(program: CommandUnknownOpts): void {
  const presetNames = Object.keys(presets);
  const command = program.command("pretrain").optionsGroup("Run:")
    .description("trains the dense and the gated encoder of one run, without labels")
    .option("-o, --out <RUN>", "folder to make for the run; required here or in the file")
    .option("--config <FILE>", "YAML file of options; its keys are the flags' names")
    .addOption(wordOption("--preset <NAME>", `named set of options: ${presetNames.join(", ")}`, presetNames))
    .option(
      "--resume <RUN>",
      "resume a run at the step where it stopped; the result equals that of an uninterrupted run",
    )
    .option("--stretch-schedule", "with --resume and more --epochs: continue the schedules as in a run of that length")
    .option(
      "--accept-changed-images",
      "with --resume: resume even if image files were changed, renamed, added or removed; not bit-identical then",
    )
    .option("--print-config", "print the complete configuration, and train nothing")
    .action(async (_options, self) => (await import("./pretrain_action.ts")).runPretrain(self));
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
