/**
 * `sluice doctor`: what this machine has, what it lacks, and what to do about it.
 *
 * @module
 */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { addCommonOptions, addExamples } from "../options.ts";

/** Adds `doctor` to the program. */
export function addDoctor(program: CommandUnknownOpts): void {
  const command = program.command("doctor")
    .description("examines this machine: what it has, what it lacks, and what to do about it")
    .option("--ops", "test every operation on the device")
    .action(async (_options, self) => (await import("./doctor_action.ts")).runDoctor(self));
  addCommonOptions(command);
  addExamples(command, ["sluice doctor", "sluice doctor --ops", "sluice doctor --json"]);
}
