/**
 * `sluice report RUN|SWEEP`: one page that shows what came of it, and its figures as files.
 *
 * @module
 */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { addExamples, addOutputOptions } from "../options.ts";

/** Adds `report` to the program. */
export function addReport(program: CommandUnknownOpts): void {
  const command = program.command("report")
    .description(
      "writes a page about a run or a sweep, finished or not; the page needs no network connection",
    )
    .argument("<RUN|SWEEP>", "folder of a run or of a sweep")
    .option("-o, --out <FILE>", "page to write, FILE.html")
    .option("--figures <DIR>", "folder to write the figures to as SVG files, too")
    .action(async (path, _options, self) => (await import("./report_action.ts")).runReport(path, self));
  addOutputOptions(command);
  addExamples(command, [
    "sluice report runs/demo -o demo.html",
    "sluice report sweeps/budgets -o budgets.html",
    "sluice report runs/demo -o demo.html --figures figures --json",
  ]);
}
