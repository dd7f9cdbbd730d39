/**
 * What `sluice report` does.
 *
 * @module
 */
import { join } from "@std/path";
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { existsSync, statSync } from "node:fs";
import { InvalidInputError } from "../../src/errors.ts";
import { makeFolder, writeFileAtomically } from "../../src/formats/mod.ts";
import { mayWriteTo } from "../../src/machine/storage.ts";
import { figureFiles, type ReportData, reportOfRun, reportOfSweep, reportPage } from "../../src/report/mod.ts";
import { RunFolder } from "../../src/run/run_folder.ts";
import { SweepFolder } from "../../src/sweep/mod.ts";
import { outputOptions } from "../options.ts";
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
  /** The runs on the page; `budgetMissed` is cost share minus budget if that is more than one point, else null. */
  readonly runs: readonly { readonly name: string; readonly budgetMissed: number | null }[];
  /** Runs of a sweep that cannot be read, with the reason. */
  readonly damaged: ReportData["damaged"];
}

/**
 * The page to write. Only a name that ends in .html is taken, because the file is replaced: no file of a run has such a
 * name.
 */
function readOut(out: unknown): string {
  if (typeof out !== "string") throw new InvalidInputError("report writes a page: give --out FILE.html");
  if (!/[^/]\.html$/.test(out)) {
    throw new InvalidInputError(`--out ${out}: pages are written as .html; give FILE.html`);
  }
  checkReplaceable("out", out);
  return out;
}

/** The folder for the figures, or null if none is asked for. It need not exist, but the folder that it is in must. */
function readFigures(figures: unknown): string | null {
  if (typeof figures !== "string") return null;
  checkFolderOf("figures", figures);
  if (existsSync(figures) && !statSync(figures).isDirectory()) {
    throw new InvalidInputError(`--figures ${figures}: exists and is not a folder; give another name`);
  }
  if (existsSync(figures) && !mayWriteTo(figures)) {
    throw new InvalidInputError(`--figures ${figures}: is not writable; give another folder`);
  }
  return figures;
}

/** What the run or the sweep in a folder has to show. */
function readData(path: string): ReportData {
  return SweepFolder.isAt(path) ? reportOfSweep(SweepFolder.open(path)) : reportOfRun(RunFolder.open(path));
}

/** Writes the page of a run or a sweep, and its figures if a folder is named for them. */
export function runReport(path: string, command: CommandUnknownOpts): void {
  const { out, figures: folder }: Record<string, unknown> = command.opts();
  const [page, figureFolder] = [readOut(out), readFigures(folder)];
  const data = readData(path);
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
