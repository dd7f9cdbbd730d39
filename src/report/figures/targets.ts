/**
 * The figure of target against achieved cost: how closely gated networks meet their budgets.
 *
 * @module
 */
import * as Plot from "@observablehq/plot";
import { colour } from "../colours.ts";
import type { Outcome } from "../outcomes.ts";
import { allSeries, type SeriesName } from "../series.ts";
import { formatSpread } from "../../sweep/spread.ts";
import {
  chartFrame,
  drawChart,
  errorPoints,
  horizontalGrid,
  type Point,
  textOnLines,
  TICKS,
  verticalGrid,
} from "./chart.ts";
import { chartSize, type Figure, missingFigure, pointEntry } from "./figure.ts";

const name = "targets";
const title = "Target against achieved cost";

/** Largest number of markers that are drawn at full size and with their distances. */
const CROWD = 12;

/** Achieved minus target cost in percentage points: `+0.31`. */
function distance({ x, y }: Point): string {
  return `${y < x ? "−" : "+"}${Math.abs(y - x).toFixed(2)}`;
}

function pointOf({ configuration, series, share }: Outcome): Point | null {
  const { label, target } = configuration;
  if (share === null || target === null) return null;
  return {
    x: target,
    y: share.mean,
    xDeviation: 0,
    yDeviation: share.deviation ?? 0,
    title: `${label}\n${series}: ${formatSpread(share, 2)} %, budget ${target} %`,
  };
}

/** Distances beside points. @param above puts them above the diagonal, for gated runs, instead of below. */
function distanceMarks(points: readonly Point[], above: boolean): Plot.Markish[] {
  // The texts of several points at one target would overlap.
  if (points.length > CROWD || new Set(points.map(({ x }) => x)).size < points.length) return [];
  return [Plot.text(points, {
    x: "x",
    y: "y",
    text: distance,
    textAnchor: above ? "end" : "start",
    dx: above ? -9 : 9,
    dy: above ? -9 : 9,
    ...textOnLines("currentColor"),
  })];
}

/** Draws the evaluated gated networks. Markers are hollow, because those of dual and gated runs often overlap. */
export function targetsFigure(outcomes: readonly Outcome[]): Figure {
  const groups = (["gated", "gated alone"] satisfies SeriesName[]).map((series) => ({
    series: allSeries[series],
    points: outcomes.filter((outcome) => outcome.series === series).map(pointOf).filter((point) => point !== null),
  })).filter(({ points }) => points.length > 0);
  const all = groups.flatMap(({ points }) => points);
  if (all.length === 0) return missingFigure(name, title, "No gated network of one budget has been evaluated yet.");
  const ends = all.flatMap(({ x, y, yDeviation }) => [x, y - yDeviation, y + yDeviation]);
  const domain = [Math.max(0, Math.min(...ends) - 8), Math.max(...ends) + 8];
  const farthest = Math.max(...all.map(({ x, y }) => Math.abs(y - x)));
  const axis = { domain, ticks: TICKS };
  const marks = [
    horizontalGrid(),
    verticalGrid(),
    Plot.line([domain, domain].map((_, end) => ({ x: domain[end], y: domain[end] })), {
      x: "x",
      y: "y",
      stroke: colour("muted"),
      strokeDasharray: "4 3",
    }),
    ...groups.flatMap(({ series, points }) =>
      errorPoints(points, series, { crowded: all.length > CROWD, hollow: true })
    ),
    ...groups.flatMap(({ series, points }) => distanceMarks(points, series === allSeries["gated alone"])),
  ];
  const label = `${title}: ${all.length} gated networks, the farthest ${farthest.toFixed(2)} points from its target. ` +
    "The table below has the numbers.";
  return {
    name,
    title,
    caption: [
      "Measured cost of gated networks against their budgets, both in percent of the dense network’s cost. On the dashed " +
      "line, the cost equals the budget.",
      `The farthest network is ${farthest.toFixed(2)} points from its budget.`,
    ],
    legend: groups.map(({ series }) => pointEntry(series, true)),
    panels: [{
      title: null,
      draw: (width) =>
        drawChart(label, chartSize(width), {
          ...chartFrame,
          x: { ...axis, label: "target, % of the dense network", labelAnchor: "right" },
          y: { ...axis, label: "achieved, %" },
          marks,
        }),
    }],
  };
}
