/**
 * Turns the results of the GPU kit into tables for the README: `deno task gpu:report FILE`.
 *
 * @module
 */
import process from "node:process";
import type { InferenceBenchmark, StepBenchmark } from "../../../src/bench/mod.ts";
import { runTask } from "../../../native/tools/build.ts";
import { countTests } from "../../counts.ts";
import type { Convolutions, ConvolutionTime, Losses } from "./measurements.ts";
import { documentOf, readResults, type SectionResult } from "./results.ts";

/** Convolutions to list, those that take the most time of a step. */
const LISTED = 12;

function table(heads: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const lines = [heads, heads.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
  return lines.join("\n");
}

/** What a section says about itself in a few words. */
function remarkOn(result: SectionResult): string {
  if (result.reason !== null) return result.reason;
  const { passed, failed } = countTests(result.stdout, result.outcome === "passed");
  if (passed + failed > 1) return `${passed} passed, ${failed} failed`;
  return result.outcome === "failed" ? result.stderr.trim().split("\n").at(-1) ?? "" : "";
}

function sectionTable(results: readonly SectionResult[]): string {
  const rows = results.map((result) => [result.section, result.outcome, result.seconds.toFixed(1), remarkOn(result)]);
  return table(["section", "outcome", "seconds", ""], rows);
}

/** Milliseconds of PyTorch's step beside a step of sluice's, as the script prints them; null without PyTorch. */
function peerMilliseconds(results: readonly SectionResult[], name: string): string {
  const peer = results.find(({ section }) =>
    section === `PyTorch's ${name.replace("tf32", "f32").replace(", CUDA graph", "")}`
  );
  return /([\d.]+) ms/.exec(peer?.stdout ?? "")?.[1] ?? "-";
}

function stepTable(results: readonly SectionResult[]): string {
  const rows = results.filter(({ section }) => section.startsWith("step, ")).flatMap((result) => {
    const step = documentOf<StepBenchmark>(result);
    if (step === null) return [];
    const share = `${(100 * step.shareOfPeak).toFixed(0)} %`;
    const times = [step.msPerStep.toFixed(2), step.viewsPerSecond.toFixed(0), share];
    return [[result.section, ...times, peerMilliseconds(results, result.section)]];
  });
  return table(["dual step", "ms", "views/s", "of the matrix peak", "PyTorch ms"], rows);
}

function inferTable(results: readonly SectionResult[]): string {
  const rows = results.filter(({ section }) => section.startsWith("inference")).flatMap((result) =>
    (documentOf<InferenceBenchmark>(result)?.rows ?? []).map((row) => [
      result.section,
      row.batch,
      row.macShare.toFixed(2),
      row.denseMs.toFixed(3),
      row.gatedMs.toFixed(3),
      row.timeShare.toFixed(2),
    ])
  );
  return table(["inference", "batch", "cost share", "dense ms", "gated ms", "time share"], rows);
}

function lossLine(results: readonly SectionResult[]): string {
  const result = results.find(({ section }) => section.startsWith("losses"));
  const losses = result === undefined ? null : documentOf<Losses>(result);
  if (losses === null) return "No losses were compared.";
  const differences = losses.cuda.map((loss, step) => Math.abs(loss / (losses.cpu[step] ?? NaN) - 1));
  return `Losses of ${differences.length} steps beside the CPU's: largest relative difference ` +
    `${Math.max(...differences).toExponential(1)}, at the first step ${(differences[0] ?? NaN).toExponential(1)}.`;
}

/** The directions of convolutions in the order of their numbers in `plans.txt`. */
const directions = ["sl_conv_forward", "sl_conv_backward_data", "sl_conv_backward_weights"];

/** cuDNN's engines of a convolution: one, or several if results are also added or differ in alignment. */
function enginesOf(plans: string, row: ConvolutionTime): string {
  const begin = `${directions.indexOf(row.function)} ${row.shape.join(" ")} `;
  const lines = plans.split("\n");
  const engines = lines.flatMap((line, index) => {
    const [, engine] = /^# cuDNN's engine (\d+) /.exec(lines[index + 1] ?? "") ?? [];
    return line.startsWith(begin) && engine !== undefined ? [engine] : [];
  });
  return [...new Set(engines)].join(", ");
}

function convolutionTable(results: readonly SectionResult[]): string {
  const result = results.find(({ section }) => section.startsWith("convolutions"));
  const { rows = [], plans = "" } = (result === undefined ? null : documentOf<Convolutions>(result)) ?? {};
  return table(
    ["convolution", "batch, height, width, in, out, kernel, stride, padding, type", "engine", "calls", "ms each"],
    rows.slice(0, LISTED).map((row) => {
      const [engines, shape] = [enginesOf(plans, row), row.shape.join(" ")];
      return [row.function, shape, engines, row.calls, row.milliseconds.toFixed(3)];
    }),
  );
}

/** Whether images with a fourth channel of zeros would pay. */
function stemLine(results: readonly SectionResult[]): string {
  const result = results.find(({ section }) => section.startsWith("convolutions"));
  const { stem } = (result === undefined ? null : documentOf<Convolutions>(result)) ?? {};
  if (stem === undefined) return "The first convolution was not timed.";
  return `The first convolution, forward and weights' gradient: ${stem[3].toFixed(3)} ms on images of 3 channels, ` +
    `${stem[4].toFixed(3)} ms with a fourth of zeros.`;
}

/** The report of a file of results, in Markdown. */
export function kitReport(results: readonly SectionResult[]): string {
  const tables = [sectionTable, lossLine, stepTable, inferTable, convolutionTable, stemLine];
  return `${tables.map((make) => make(results)).join("\n\n")}\n`;
}

if (import.meta.main) {
  const [file, ...others] = Deno.args;
  if (file === undefined || others.length > 0) {
    console.error("gpu:report: give the file of results that the kit wrote, gpu-results.jsonl");
    process.exitCode = 2;
  } else await runTask(() => Promise.resolve(console.log(kitReport(readResults(file)).trimEnd())));
}
