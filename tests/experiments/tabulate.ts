/**
 * Prints the tables of sweeps in Markdown, as README.md shows them:
 * `deno run --allow-read tests/experiments/tabulate.ts SWEEP...`.
 *
 * @module
 */
import { join } from "@std/path";
import { existsSync, readFileSync } from "node:fs";
import process from "node:process";
import { InvalidInputError } from "../../src/errors.ts";
import { maskKinds, type MaskOutcome, maskOutcomesOf } from "../../src/report/mask_outcomes.ts";
import {
  commonMeasure,
  type Configuration,
  configurationsOf,
  evaluationsOf,
  formatValue,
  measureNames,
  type Outcome,
  outcomesOf,
} from "../../src/report/outcomes.ts";
import { formatPoints, PlainCurves } from "../../src/report/plain_curve.ts";
import type { ReportData, ReportRun } from "../../src/report/report_data.ts";
import { type Evaluation, parseEvaluation } from "../../src/run/evaluation_file.ts";
import { missedBudget } from "../../src/budget/missed_budget.ts";
import { targetOf } from "../../src/config/network.ts";
import { formatSpread, type Spread, SweepFolder } from "../../src/sweep/mod.ts";

/** A column of a table: its heading, and its cell for each row. */
type Column<Row> = readonly [heading: string, cell: (row: Row) => string];

const nothing = "-";

function spreadText(spread: Spread | null | undefined, digits: number): string {
  return spread === null || spread === undefined ? nothing : formatSpread(spread, digits);
}

function pointsText(points: number | null): string {
  return points === null ? nothing : formatPoints(points);
}

/** A Markdown table whose columns are aligned, as `deno fmt` writes them. */
function markdownTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const cells = columns.map(([heading, cell]) =>
    [heading, ...rows.map(cell)].map((text) => text.replaceAll("|", "\\|"))
  );
  const padded = cells.map((column) => {
    const width = Math.max(3, ...column.map(({ length }) => length));
    const [heading = "", ...others] = column.map((text) => text.padEnd(width));
    return [heading, "-".repeat(width), ...others];
  });
  const lines = (padded[0] ?? []).map((_, line) => `| ${padded.map((column) => column[line]).join(" | ")} |`);
  return `${lines.join("\n")}\n`;
}

/** The options that have columns of their own. */
const namedOptions = ["mode", "budget", "width"];

/** The budget of a network with gates, and the width of a vanilla network or if the sweep varies it. */
function size({ runs: [{ config, varied }] }: Configuration): string {
  const isPlain = config.mode === "vanilla";
  const values = [
    ...(isPlain ? [] : [`budget ${formatValue(config.budget)}`]),
    ...(isPlain || varied["width"] !== undefined ? [`width ${config.width}`] : []),
  ];
  return values.join(", ");
}

/** The other varied options. */
function others({ runs: [{ varied }] }: Configuration): string {
  const texts = Object.entries(varied).flatMap(([key, value]) => {
    return namedOptions.includes(key) ? [] : [`${key} ${formatValue(value)}`];
  });
  return texts.join(", ");
}

/** The cost share of each seed, or a single one if all are equal. */
function costShares({ configuration, network }: Outcome): string {
  const shares = evaluationsOf(configuration, network).map(({ cost }) => cost.share.toFixed(4));
  return [...(new Set(shares).size === 1 ? shares.slice(0, 1) : shares)].join(", ") || nothing;
}

function networkTable(outcomes: readonly Outcome[], plain: PlainCurves): string {
  const hasOthers = outcomes.some(({ configuration }) => others(configuration) !== "");
  const columns: Column<Outcome>[] = [
    ["mode", ({ configuration: { runs: [{ config }] } }) => config.mode],
    ["network", ({ network }) => network],
    ["budget or width", ({ configuration }) => size(configuration)],
    ...(hasOthers
      ? [["other options", ({ configuration }) => others(configuration) || nothing] satisfies Column<Outcome>]
      : []),
    ["MACs", ({ megaMacs }) => megaMacs === null ? nothing : `${megaMacs.mean.toFixed(2)} M`],
    ["cost share", costShares],
    ["20-NN %", ({ knn20 }) => spreadText(knn20, 2)],
    ["probe %", ({ probe }) => spreadText(probe, 2)],
    ...(plain.isEmpty ? [] : [["above plain", (row) => pointsText(plain.above(row))] satisfies Column<Outcome>]),
  ];
  return markdownTable(columns, outcomes);
}

/** A row for each kind of masks and a column for each gated network: there are more masks than networks. */
function maskTable(networks: readonly MaskOutcome[], plain: PlainCurves): string {
  interface Row {
    readonly name: string;
    readonly of: (network: MaskOutcome) => string;
  }
  const kinds = maskKinds.filter((kind) => networks.some(({ accuracies }) => accuracies.has(kind)));
  const rows: Row[] = [
    ...kinds.map((kind): Row => ({
      name: kind.name,
      of: ({ accuracies, bestStatic }) => {
        const text = spreadText(accuracies.get(kind), 2);
        return kind === bestStatic ? `**${text}**` : text;
      },
    })),
    { name: "rho", of: ({ rho }) => spreadText(rho, 3) },
    ...(plain.isEmpty ? [] : [
      { name: "above plain: own", of: ({ ownAbovePlain }: MaskOutcome) => pointsText(ownAbovePlain) },
      { name: "above plain: static", of: ({ staticAbovePlain }: MaskOutcome) => pointsText(staticAbovePlain) },
    ]),
  ];
  const heading = ({ outcome: { configuration, series } }: MaskOutcome) => {
    return [series, size(configuration), others(configuration)].filter((text) => text !== "").join(", ");
  };
  return markdownTable([
    ["masks", ({ name }) => name],
    ...networks.map((network): Column<Row> => [heading(network), ({ of }) => of(network)]),
  ], rows);
}

/**
 * The evaluations of a sweep without its metrics, checkpoints and locks: those need permission for more than reading
 * files, and the tables do not show them.
 *
 * @throws {InvalidInputError} if an evaluation is damaged.
 */
function evaluatedRuns(sweep: SweepFolder): ReportData {
  const evaluationAt = (path: string): Omit<Evaluation, "budgetMissed"> | null =>
    existsSync(path) ? parseEvaluation(path, readFileSync(path, "utf8")) : null;
  const runs = sweep.plan.runs.flatMap(({ name, varied, config }): ReportRun[] => {
    const path = sweep.runPath(name);
    const evaluation = evaluationAt(join(path, "evaluation.json"));
    if (evaluation === null) return [];
    const { gated } = evaluation.networks;
    const budgetMissed = missedBudget(gated?.cost.share, targetOf(config));
    return [{
      ...{ name, path, varied, config, budgetMissed, evaluation: { ...evaluation, budgetMissed } },
      ...{ opening: gated?.opening ?? 0, speed: null, images: null, phase: "finished", steps: [], watches: [] },
      ...{ pictures: [], others: [], exports: [] },
    }];
  });
  const waiting = sweep.plan.runs.length - runs.length;
  return { kind: "sweep", title: "", path: sweep.path, keys: sweep.keys(), runs, waiting, damaged: [] };
}

/**
 * The tables of sweeps in Markdown: every network, and the masks of gated networks if they were evaluated. The plain
 * networks of one sweep also count for the networks of the others. Masks are judged by the measure of the report.
 *
 * @throws {InvalidInputError} if a path is no sweep, or an evaluation is damaged.
 */
export function tabulate(paths: readonly string[]): string {
  const sweeps = paths.map((path) => evaluatedRuns(SweepFolder.open(path)));
  const outcomes = sweeps.flatMap((sweep) => outcomesOf(configurationsOf(sweep)));
  const plain = new PlainCurves(outcomes, commonMeasure(outcomes));
  const masks = maskOutcomesOf(outcomes, plain);
  const incomplete = sweeps.filter(({ waiting }) => waiting > 0).map(({ path, runs, waiting }) => {
    return `${path}: ${waiting} of ${runs.length + waiting} runs are not evaluated.\n`;
  });
  return [
    ...incomplete,
    networkTable(outcomes, plain),
    ...(masks.length > 0 ? [`Masks, ${measureNames[plain.measure]} %:\n`, maskTable(masks, plain)] : []),
  ].join("\n");
}

if (import.meta.main) {
  try {
    if (Deno.args.length === 0) throw new InvalidInputError("give the folders of sweeps");
    console.log(tabulate(Deno.args).trimEnd());
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    console.error(`tabulate: ${error.message}`);
    process.exitCode = 2;
  }
}
