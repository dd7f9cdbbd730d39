/**
 * `sluice status RUN|SWEEP`: shows how far a run or a sweep is, without taking its lock.
 *
 * @module
 */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { addExamples, addOutputOptions } from "../options.ts";

/** Adds `status` to the program. */
export function addStatus(program: CommandUnknownOpts): void {
  const command = program.command("status")
    .description("shows how far a run or a sweep is, without disturbing the process that trains it")
    .argument("<RUN|SWEEP>", "folder of a run or of a sweep")
    .action(async (path, _options, self) => (await import("./status_action.ts")).runStatus(path, self));
  addOutputOptions(command);
  addExamples(command, ["sluice status runs/demo", "sluice status runs/demo --json"]);
}
