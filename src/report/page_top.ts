/**
 * Builds the top of the page: settings, best results, and missing runs.
 *
 * @module
 */
import { targetOf } from "../config/network.ts";
import { join } from "@std/path";
import type { RunConfig } from "../config/options.ts";
import { type Markup, markup } from "./markup.ts";
import { commonMeasure, configurationsOf, floorsOf, type Measure, measureNames, type Outcome } from "./outcomes.ts";
import type { ReportData, ReportRun } from "./report_data.ts";
import { allSeries, type SeriesName } from "./series.ts";
import { quoteWord } from "../sweep/shell.ts";
import { formatSpread, type Spread } from "../sweep/spread.ts";

/** Number of names or values that a line lists. */
const LISTED = 5;

/** The different values of an option over the runs, or their number if there are many. */
function valuesOf(runs: readonly ReportRun[], of: (config: RunConfig) => string): string {
  const values = [...new Set(runs.map(({ config }) => of(config)))];
  return values.length <= LISTED ? values.join(", ") : `${values.length} different`;
}

/** What was added to the gates' logits after the last step, over the runs where something was. */
function openingsOf(runs: readonly ReportRun[]): (readonly [name: string, value: string])[] {
  const openings = runs.map(({ opening }) => opening).filter((opening) => opening !== 0);
  const listed = openings.slice(0, LISTED).map((opening) => opening.toFixed(4)).join(", ");
  if (openings.length === 0) return [];
  return [["added to all logits", openings.length <= LISTED ? listed : `in ${openings.length} runs`]];
}

/** The settings of the runs, as names and values. */
function settingsOf(data: ReportData): (readonly [name: string, value: string])[] {
  const { runs, keys, path } = data;
  const configurations = configurationsOf(data).length;
  const images = [...new Set(runs.map((run) => run.images).filter((line) => line !== null))];
  const evaluations = runs.map(({ evaluation, watches }) => evaluation ?? watches.at(-1));
  const evaluated = evaluations.filter((evaluation) => evaluation !== undefined);
  const precisions = [...new Set(evaluated.map(({ precision = "f32" }) => precision))];
  const count = `${runs.length}${configurations < runs.length ? `, of ${configurations} configurations` : ""}`;
  return [
    ["runs", count],
    ...(keys.length > 0 ? [["varied", keys.join(", ")] as const] : []),
    ["data", valuesOf(runs, ({ dataset }) => dataset)],
    ...(images.length > 0 ? [["images", images.slice(0, LISTED).join(" / ")] as const] : []),
    ["network", valuesOf(runs, ({ arch, width, stem }) => `${arch}, width ${width}, stem ${stem}`)],
    ["objective", valuesOf(runs, ({ objective }) => objective)],
    ["mode", valuesOf(runs, ({ mode }) => mode)],
    ["epochs", valuesOf(runs, ({ epochs }) => String(epochs))],
    ...(precisions.length > 0 ? [["evaluated in", precisions.join(", ")] as const] : []),
    ...openingsOf(runs),
    ["folder", path],
  ];
}

/** The best network of a series by the measure; null if no network of it was evaluated. */
function bestOf(outcomes: readonly Outcome[], series: SeriesName, measure: Measure): Outcome | null {
  const evaluated = outcomes.filter((outcome) => outcome.series === series && outcome[measure] !== null);
  const value = (outcome: Outcome) => outcome[measure]?.mean ?? -Infinity;
  return evaluated.toSorted((one, other) => value(other) - value(one))[0] ?? null;
}

function percent(spread: Spread | null): string {
  return spread === null ? "–" : `${formatSpread(spread, 2)} %`;
}

function bestLine(
  { network, series, configuration, share, ...accuracies }: Outcome,
  measure: Measure,
  isOnly: boolean,
) {
  const best = `${allSeries[series].name}: ${percent(accuracies[measure])}`;
  const cost = network === "gated" ? ` at ${percent(share)} of the dense network’s cost` : "";
  return markup`<li><strong>${best}</strong>${cost}${isOnly ? "" : ` (${configuration.label})`}</li>`;
}

/** The best network of each series, and the baselines. */
function results({ runs }: ReportData, outcomes: readonly Outcome[]): Markup | null {
  const measure = commonMeasure(outcomes);
  const names = Object.keys(allSeries) as SeriesName[];
  const best = names.map((series) => bestOf(outcomes, series, measure)).filter((outcome) => outcome !== null);
  if (best.length === 0) return null;
  const isOnly = runs.length === 1;
  const floors = floorsOf(runs, measure).map(({ name, value }) => `${name} ${percent(value)}`);
  return markup`
    <p>${isOnly ? "Accuracy" : "Best networks"} by ${measureNames[measure]}:</p>
    <ul>${best.map((outcome) => bestLine(outcome, measure, isOnly))}</ul>
    ${floors.length > 0 ? markup`<p>Baselines to beat: ${floors.join(", ")}.</p>` : null}`;
}

function listNames(runs: readonly ReportRun[]): string {
  const names = runs.slice(0, LISTED).map(({ name }) => name).join(", ");
  return runs.length > LISTED ? `${names} and ${runs.length - LISTED} more` : names;
}

/** A reason why a run is incomplete, worded for one run and for several, and the remedy for a run outside a sweep. */
interface Lack {
  readonly is: (run: ReportRun) => boolean;
  readonly one: string;
  readonly several: string;
  readonly remedy: ((run: string) => string) | null;
}

const lacks: readonly Lack[] = [
  { is: ({ phase }) => phase === "running", one: "is still training", several: "are still training", remedy: null },
  {
    is: ({ phase }) => phase === "stopped",
    one: "stopped before its end",
    several: "stopped before their end",
    remedy: (run) => `to resume: sluice pretrain --resume ${quoteWord(run)}`,
  },
  {
    is: ({ phase, evaluation }) => phase === "finished" && evaluation === null,
    one: "has not been evaluated",
    several: "have not been evaluated",
    remedy: (run) => `to evaluate it: sluice evaluate ${quoteWord(run)}`,
  },
];

function missingOfRun(run: ReportRun): string[] {
  return lacks.filter(({ is }) => is(run)).map(({ one, remedy }) => {
    return `This run ${one}${remedy === null ? "" : `; ${remedy(run.path)}`}`;
  });
}

function missingOfSweep({ path, runs, waiting, damaged }: ReportData): string[] {
  const all = runs.length + waiting + damaged.length;
  const begun = lacks.flatMap(({ is, one, several }) => {
    const found = runs.filter(is);
    if (found.length === 0) return [];
    return [`${found.length} of ${all} runs ${found.length === 1 ? one : several}: ${listNames(found)}`];
  });
  const unbegun = waiting === 0 ? [] : [`${waiting} of ${all} runs ${waiting === 1 ? "has" : "have"} not started`];
  const broken = damaged.map(({ name, reason }) => `Run ${name} is damaged: ${reason}`);
  const lines = [...begun, ...unbegun, ...broken];
  return lines.length === 0
    ? []
    : [...lines, `To resume: sluice sweep ${quoteWord(join(path, "sweep.yaml"))} --out ${quoteWord(path)}`];
}

function percentOf(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}

/** One line about the runs that missed their budgets; none if all runs kept them. */
function missedBudgets({ kind, runs }: ReportData): string[] {
  const missed = runs.filter(({ budgetMissed }) => budgetMissed !== null);
  const [first] = missed;
  if (first === undefined) return [];
  if (kind === "sweep") {
    const whose = missed.length === 1 ? "its budget" : "their budgets";
    return [`${missed.length} of ${runs.length} runs missed ${whose} by more than one point: ${listNames(missed)}`];
  }
  const { config, budgetMissed } = first;
  const budget = targetOf(config) ?? 0;
  const cost = percentOf(budget + (budgetMissed ?? 0));
  return [`This run missed its budget: its gated network costs ${cost} of the dense one, not ${percentOf(budget)}`];
}

/** A line for each reason why runs are incomplete; none if all are complete. */
function describeMissing(data: ReportData): string[] {
  return data.kind === "sweep" ? missingOfSweep(data) : data.runs.flatMap(missingOfRun);
}

/** Builds the summary. @param outcomes of all configurations of the data. */
export function summary(data: ReportData, outcomes: readonly Outcome[]): Markup {
  const missing = [...describeMissing(data), ...missedBudgets(data)].map((line) => markup`<li>${line}</li>`);
  const settings = settingsOf(data).map(([name, value]) =>
    markup`
      <div><dt>${name}</dt><dd>${value}</dd></div>`
  );
  return markup`
  <section aria-labelledby="summary-title">
    <h2 id="summary-title">Summary</h2>
    ${missing.length > 0 ? markup`<ul class="notice">${missing}</ul>` : null}
    ${results(data, outcomes)}
    <dl>${settings}
    </dl>
  </section>`;
}
