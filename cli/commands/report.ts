/**
 * `sluice report RUN|SWEEP`: one page that shows what came of it, and its figures as files.
 *
 * @module
 */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { mayWriteTo } from "../../src/machine/storage.ts";
import { InvalidInputError } from "../../src/errors.ts";
import type { ReportData } from "../../src/report/mod.ts";
import { addExamples, addOutputOptions, outputOptions } from "../options.ts";
import { checkFolderOf, checkReplaceable } from "../requests.ts";
import { writeResult } from "../ui/output.ts";
import { grouped } from "../ui/tables.ts";

/** The document that `sluice report --json` prints. */
interface WrittenReport {
  /** The page's path. */
  readonly page: string;
  /** Its size. */
  readonly bytes: number;
  /** Paths of the figures written. */
  readonly figures: readonly string[];
  /** The runs shown, and how far each one's cost share is from its budget, if by more than one point. */
  readonly runs: readonly { readonly name: string; readonly budgetMissed: number | null }[];
  /** The runs of a sweep that cannot be read, and why. */
  readonly damaged: ReportData["damaged"];
}

/** The page to write. Its name must say so: an older page is replaced, and no file of a run may be. */
function readOut(out: unknown): string {
  if (typeof out !== "string") throw new InvalidInputError("report writes a page: give --out FILE.html");
  if (!/[^/]\.html$/.test(out)) {
    throw new InvalidInputError(`--out ${out}: a page is written as .html; give FILE.html`);
  }
  checkReplaceable("out", out);
  return out;
}

/** The folder of figures, which is made where its own folder is there; null where none is asked for. */
function readFigures(figures: unknown): string | null {
  if (typeof figures !== "string") return null;
  checkFolderOf("figures", figures);
  if (existsSync(figures) && !statSync(figures).isDirectory()) {
    throw new InvalidInputError(`--figures ${figures}: is there, and no folder; give another name`);
  }
  if (existsSync(figures) && !mayWriteTo(figures)) {
    throw new InvalidInputError(`--figures ${figures}: cannot be written to; give another folder`);
  }
  return figures;
}

/** What there is to show at a path. */
async function readData(path: string): Promise<ReportData> {
  const { RunFolder } = await import("../../src/run/run_folder.ts");
  const { SweepFolder } = await import("../../src/sweep/mod.ts");
  // What is no run and no sweep is refused before the plotting library is loaded.
  const folder = SweepFolder.isAt(path) ? SweepFolder.open(path) : RunFolder.open(path);
  const { reportOfRun, reportOfSweep } = await import("../../src/report/mod.ts");
  return folder instanceof SweepFolder ? reportOfSweep(folder) : reportOfRun(folder);
}

async function runReport(path: string, command: CommandUnknownOpts): Promise<void> {
  const { out, figures: folder }: Record<string, unknown> = command.opts();
  const [page, figureFolder] = [readOut(out), readFigures(folder)];
  const data = await readData(path);
  const { figureFiles, reportPage } = await import("../../src/report/mod.ts");
  const { makeFolder, writeFileAtomically } = await import("../../src/formats/write_file.ts");
  const write = (file: string, text: string) => {
    const bytes = new TextEncoder().encode(text);
    writeFileAtomically(file, bytes);
    return bytes.length;
  };
  const bytes = write(page, reportPage(data));
  const figures: string[] = [];
  if (figureFolder !== null) {
    makeFolder(figureFolder);
    for (const { name, svg } of figureFiles(data)) {
      const file = join(figureFolder, `${name}.svg`);
      write(file, svg);
      figures.push(file);
    }
  }
  const runs = data.runs.map(({ name, budgetMissed }) => ({ name, budgetMissed }));
  const report: WrittenReport = { page, bytes, figures, runs, damaged: data.damaged };
  writeResult(outputOptions(command), report, () => {
    const drawn = figureFolder === null ? "" : `; ${figures.length} figures in ${figureFolder}`;
    return [`${page}: ${grouped(bytes)} bytes${drawn}`];
  });
}

/** Adds `report` to the program. */
export function addReport(program: CommandUnknownOpts): void {
  const command = program.command("report")
    .description(
      "one page that shows a run or a sweep, finished or not; it needs no network, and replaces an older page",
    )
    .argument("<RUN|SWEEP>", "folder of a run or of a sweep")
    .option("-o, --out <FILE>", "page to write, FILE.html")
    .option("--figures <DIR>", "write the figures as SVG files into a folder, too")
    .action((path, _options, self) => runReport(path, self));
  addOutputOptions(command);
  addExamples(command, [
    "sluice report runs/demo -o demo.html",
    "sluice report sweeps/budgets -o budgets.html",
    "sluice report runs/demo -o demo.html --figures figures --json",
  ]);
}
