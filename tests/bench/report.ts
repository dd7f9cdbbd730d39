/**
 * Times the page of 300 runs: reading their folders, making it, and a browser's rendering where one is installed.
 *
 * Part of `deno task bench`.
 *
 * @module
 */
import { join } from "@std/path";
import { curvePoints, readReportRun, type ReportData, reportPage } from "../../src/report/mod.ts";
import { RunFolder } from "../../src/run/mod.ts";
import { openPage, startBrowser } from "../report/browser.ts";
import { findChromium } from "../report/chromium.ts";
import { makeSweep } from "../report/synthetic_runs.ts";

const BUDGETS = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.65, 0.7, 0.8, 0.9];
const SEEDS = 15;
/** Of a run of 15 epochs of 50,000 images in batches of 256. */
const STEPS = 2925;

function milliseconds(since: number): string {
  return `${(performance.now() - since).toFixed(0)} ms`;
}

/** Reads the runs as `sluice report` does. */
function readAgain({ runs, ...data }: ReportData): ReportData {
  const points = curvePoints(runs.length);
  return { ...data, runs: runs.map(({ path, varied }) => readReportRun(RunFolder.open(path), varied, points)) };
}

/** Opens the page in a browser; null where there is none. */
async function render(file: string): Promise<string | null> {
  const chromium = await findChromium();
  if (chromium === null) return null;
  const browser = await startBrowser(chromium);
  try {
    const begun = performance.now();
    const { page } = await openPage(browser, file, { width: 1200, height: 900, theme: "light" });
    await page.evaluate("new Promise((resolve) => requestAnimationFrame(resolve))");
    return milliseconds(begun);
  } finally {
    await browser.close();
  }
}

if (import.meta.main) {
  const folder = Deno.makeTempDirSync();
  try {
    const run = { steps: STEPS, options: { epochs: 15 } };
    const made = makeSweep(folder, { budgets: BUDGETS, modes: ["dual", "gated"], seeds: SEEDS, run });
    const begun = performance.now();
    const data = readAgain(made);
    const read = milliseconds(begun);
    const drawing = performance.now();
    const page = reportPage(data);
    const drawn = milliseconds(drawing);
    const file = join(folder, "page.html");
    Deno.writeTextFileSync(file, page);
    console.log(`${data.runs.length} runs of ${STEPS} steps: read in ${read}, drawn in ${drawn}, ${page.length} bytes`);
    console.log(`rendered by Chromium in ${await render(file) ?? "- (not installed)"}`);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}
