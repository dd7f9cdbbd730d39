/**
 * `sluice status RUN|SWEEP`: where a run is, or the runs of a sweep are, read from outside.
 *
 * @module
 */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { addExamples, addOutputOptions } from "../options.ts";

/** Adds `status` to the program. */
export function addStatus(program: CommandUnknownOpts): void {
  const command = program.command("status")
    .description("where a run is, finished or not; the process that trains it takes no notice")
    .argument("<RUN|SWEEP>", "folder of a run or of a sweep")
    .action(async (path, _options, self) => (await import("./status_action.ts")).runStatus(path, self));
  addOutputOptions(command);
  addExamples(command, ["sluice status runs/demo", "sluice status runs/demo --json"]);
}
