/**
 * The figure of target against achieved cost: how near gated networks come to the budget they were asked for.
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

/** From so many markers on they are drawn smaller and fainter, and without their distances. */
const CROWD = 12;

/** `+0.31`: how far from its target a point is, in points of a percent. */
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
    title: `${label}\n${series}: ${formatSpread(share, 2)} % of ${target} % asked for`,
  };
}

/** Distances beside points, those of gated runs on the other side of the diagonal. */
function distanceMarks(points: readonly Point[], above: boolean): Plot.Markish[] {
  // Several at one target would be written over each other.
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

/** Draws the gated networks that have been evaluated. Markers are hollow: those of both kinds often lie on each other. */
export function targetsFigure(outcomes: readonly Outcome[]): Figure {
  const groups = (["gated", "gated alone"] satisfies SeriesName[]).map((series) => ({
    series: allSeries[series],
    points: outcomes.filter((outcome) => outcome.series === series).map(pointOf).filter((point) => point !== null),
  })).filter(({ points }) => points.length > 0);
  const all = groups.flatMap(({ points }) => points);
  if (all.length === 0) return missingFigure(name, title, "No gated network has been evaluated yet.");
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
      "Measured cost of gated networks beside the budget asked for, both in percent of the dense network’s cost; on the dashed line the budget is met.",
      `The farthest is ${farthest.toFixed(2)} points from it.`,
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
