/**
 * The figure of accuracy against measured cost, with the Pareto front of each series and the baselines.
 *
 * @module
 */
import * as Plot from "@observablehq/plot";
import { colour } from "../colours.ts";
import {
  commonMeasure,
  type Floor,
  floorsOf,
  haveOneDenseCost,
  type Measure,
  measureNames,
  type Outcome,
} from "../outcomes.ts";
import type { ReportData } from "../report_data.ts";
import { allSeries, type Series, type SeriesName } from "../series.ts";
import { formatSpread } from "../../sweep/spread.ts";
import { chartFrame, drawChart, errorPoints, horizontalGrid, type Point, TICKS } from "./chart.ts";
import { chartSize, type Figure, type LegendEntry, lineEntry, missingFigure, pointEntry } from "./figure.ts";

const name = "accuracy";
const title = "Accuracy against measured cost";

/** Largest number of markers that are drawn at full size. */
const CROWD = 60;

/** The points of one series. */
interface Group {
  readonly series: Series;
  readonly points: readonly Point[];
}

/** The quantities on the axes. */
interface Axes {
  readonly measure: Measure;
  /** Whether cost is a share of the dense network's cost instead of MACs. */
  readonly inShares: boolean;
}

/** The point of an outcome; null if it was not evaluated by the measure. */
function pointOf(outcome: Outcome, { measure, inShares }: Axes): Point | null {
  const [accuracy, cost] = [outcome[measure], inShares ? outcome.share : outcome.megaMacs];
  if (accuracy === null || cost === null) return null;
  const lines = [
    outcome.configuration.label,
    `${outcome.series}: ${formatSpread(accuracy, 2)} %`,
    `cost ${formatSpread(cost, 2)} ${inShares ? "%" : "M MACs"}`,
    ...(accuracy.count > 1 ? [`${accuracy.count} runs`] : []),
  ];
  const [xDeviation, yDeviation] = [cost.deviation ?? 0, accuracy.deviation ?? 0];
  return { x: cost.mean, y: accuracy.mean, xDeviation, yDeviation, title: lines.join("\n") };
}

function groupsOf(outcomes: readonly Outcome[], axes: Axes): Group[] {
  const names = Object.keys(allSeries) as SeriesName[];
  return names.map((series) => {
    const own = outcomes.filter((outcome) => outcome.series === series);
    const points = own.map((outcome) => pointOf(outcome, axes)).filter((point) => point !== null);
    return { series: allSeries[series], points };
  }).filter(({ points }) => points.length > 0);
}

/** The points for which no other point has at least the same accuracy at the same or a lower cost, by rising cost. */
export function paretoFront(points: readonly Point[]): Point[] {
  const byCost = points.toSorted((one, other) => one.x - other.x || other.y - one.y);
  let best = -Infinity;
  return byCost.filter(({ y }) => {
    const isBetter = y > best;
    best = Math.max(best, y);
    return isBetter;
  });
}

/** Dashes of the baselines. */
const floorDashes: Readonly<Record<Floor["name"], string | null>> = {
  "raw pixels": "1.5 3",
  "untrained dense": null,
  "untrained gated": "7 4",
};

function floorMark({ name, value }: Floor): Plot.Markish {
  const dash = floorDashes[name];
  const dashes = dash === null ? {} : { strokeDasharray: dash };
  return Plot.ruleY([value.mean], { stroke: colour("muted"), strokeWidth: 1.25, ...dashes });
}

/** The names are in the legend, not on the lines: two baselines may be nearly equal. */
function floorEntry({ name, value }: Floor): LegendEntry {
  return lineEntry({ name: `${name} ${value.mean.toFixed(1)} %`, colour: "muted", dash: floorDashes[name] });
}

function frontMark({ series: { colour: name, dash }, points }: Group): Plot.Markish {
  const dashes = dash === null ? {} : { strokeDasharray: dash };
  return Plot.line(paretoFront(points), { x: "x", y: "y", stroke: colour(name), strokeOpacity: 0.6, ...dashes });
}

/** A function that draws the figure at a width. */
function drawer(groups: readonly Group[], floors: readonly Floor[], { measure, inShares }: Axes) {
  const all = groups.flatMap(({ points }) => points);
  const heights = [
    ...all.flatMap(({ y, yDeviation }) => [y - yDeviation, y + yDeviation]),
    ...floors.map(({ value }) => value.mean),
  ];
  const widest = Math.max(...all.map(({ x, xDeviation }) => x + xDeviation), inShares ? 100 : 0);
  const best = groups.map(({ series, points }) => {
    return `${series.name}, ${points.length} points, best ${Math.max(...points.map(({ y }) => y)).toFixed(2)} %`;
  });
  const label = `${title}: ${best.join("; ")}. The table below has the numbers.`;
  const costLabel = inShares ? "cost of one image, % of the dense network" : "cost of one image, millions of MACs";
  return (width: number) =>
    drawChart(label, chartSize(width), {
      ...chartFrame,
      x: { domain: [0, widest], insetRight: 6, label: costLabel, labelAnchor: "right", ticks: width / 90 },
      y: {
        domain: [Math.min(...heights), Math.max(...heights)],
        nice: true,
        inset: 6,
        label: `${measureNames[measure]}, %`,
        ticks: TICKS,
      },
      marks: [
        horizontalGrid(),
        ...floors.map(floorMark),
        ...groups.map(frontMark),
        ...groups.flatMap(({ series, points }) => errorPoints(points, series, { crowded: all.length > CROWD })),
      ],
    });
}

function captionOf(outcomes: readonly Outcome[], groups: readonly Group[], measure: Measure): string[] {
  const hasBars = groups.some(({ points }) => points.some((point) => point.xDeviation > 0 || point.yDeviation > 0));
  const omitted = outcomes.filter((outcome) => outcome[measure] === null && outcome.share !== null).length;
  const name = measureNames[measure];
  return [
    `Accuracy is ${name}, and cost is measured over the evaluation images.`,
    "Lines join the points of a series that no cheaper point equals; grey horizontal lines are the baselines to beat.",
    ...(hasBars ? ["Points are means over seeds, and bars show one sample standard deviation in each direction."] : []),
    ...(omitted > 0 ? [`Networks left out because they were not evaluated by ${name}: ${omitted}.`] : []),
  ];
}

/** Draws the networks that were evaluated by the {@linkcode commonMeasure}. */
export function accuracyFigure({ runs }: ReportData, outcomes: readonly Outcome[]): Figure {
  const axes: Axes = { measure: commonMeasure(outcomes), inShares: haveOneDenseCost(runs) };
  const groups = groupsOf(outcomes, axes);
  if (groups.length === 0) {
    const reason = runs.some(({ evaluation }) => evaluation !== null)
      ? "The images have no labels, so there is no accuracy."
      : "No run has been evaluated yet; sluice evaluate RUN adds its accuracy and cost.";
    return missingFigure(name, title, reason);
  }
  const floors = floorsOf(runs, axes.measure);
  return {
    name,
    title,
    caption: captionOf(outcomes, groups, axes.measure),
    legend: [...groups.map(({ series }) => pointEntry(series)), ...floors.map(floorEntry)],
    panels: [{ title: null, draw: drawer(groups, floors, axes) }],
  };
}
