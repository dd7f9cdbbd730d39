/**
 * The figures of training over its epochs: loss, and 20-NN accuracy.
 *
 * @module
 */
import * as Plot from "@observablehq/plot";
import { colour } from "../colours.ts";
import type { Pass } from "../../models/mod.ts";
import { formatValue } from "../outcomes.ts";
import type { ReportRun } from "../report_data.ts";
import { allSeries, type Series, seriesOf, trainingSeries } from "../series.ts";
import { extentOf } from "../../sweep/spread.ts";
import { chartFrame, drawChart, FONT_SIZE, horizontalGrid, LETTER, TICKS } from "./chart.ts";
import { chartSize, type Figure, isPhone, lineEntry, missingFigure } from "./figure.ts";

/** A point of a run's curve. */
interface CurvePoint {
  readonly epoch: number;
  readonly value: number;
}

/** The curve of a run, or of one of its networks. */
interface Curve {
  readonly run: string;
  /** What tells the run from others, briefly. */
  readonly label: string;
  readonly series: Series;
  readonly points: readonly CurvePoint[];
}

/** Where the largest value is so many times the smallest, a linear scale shows only the largest. */
const LOGARITHMIC_RATIO = 20;

/** More curves are drawn without dashes, which would be only noise. */
const CROWD = 40;

/** The more lines, the thinner and fainter. */
function lineStyle(curves: number): { readonly strokeWidth: number; readonly strokeOpacity: number } {
  if (curves <= 8) return { strokeWidth: 1.75, strokeOpacity: 0.95 };
  return curves <= CROWD ? { strokeWidth: 1.25, strokeOpacity: 0.6 } : { strokeWidth: 0.9, strokeOpacity: 0.25 };
}

/** The series that occur, each once. */
function seriesIn(curves: readonly Curve[]): Series[] {
  return [...new Map(curves.map(({ series }) => [series.name, series])).values()];
}

/** Takes the series in turn, so that where they lie on each other the last is not all that is seen. */
function inTurn(curves: readonly Curve[]): Curve[] {
  const counts = new Map<Series, number>();
  const places = curves.map((curve) => {
    const count = counts.get(curve.series) ?? 0;
    counts.set(curve.series, count + 1);
    return { curve, count };
  });
  const turn = ({ curve, count }: (typeof places)[number]) => count / (counts.get(curve.series) ?? 1);
  return places.toSorted((one, other) => turn(one) - turn(other)).map(({ curve }) => curve);
}

function curveMarks(curves: readonly Curve[]): Plot.Markish[] {
  const style = lineStyle(curves.length);
  return inTurn(curves).map(({ run, series: { colour: name, dash, symbol }, points }) => {
    const place = { x: "epoch", y: "value", title: () => run };
    const dashes = dash === null || curves.length > CROWD ? {} : { strokeDasharray: dash };
    // One point is no line.
    if (points.length === 1) return Plot.dot(points, { ...place, symbol, fill: colour(name), r: 3.5 });
    return Plot.line(points, { ...place, stroke: colour(name), ...style, ...dashes });
  });
}

/** Up to so many curves have their names at their ends, where there is room. */
const NAMED = 8;
/** Pixels from one name to the next. */
const NAME_DISTANCE = FONT_SIZE + 2;

/** The end of a curve, with its name. */
interface NamedEnd extends CurvePoint {
  readonly label: string;
}

/** Moves texts that would lie on each other apart, none of them below the lowest place. */
function movedApart(places: readonly number[], lowest: number): number[] {
  const downwards = [...places.keys()].sort((one, other) => (places[one] ?? 0) - (places[other] ?? 0));
  const moved = [...places];
  let room = lowest - NAME_DISTANCE * (places.length - 1);
  // As far down as those above make it, and as far up as those below need.
  let above = -Infinity;
  for (const index of downwards) {
    above = Math.max(Math.min(places[index] ?? 0, room), above + NAME_DISTANCE);
    moved[index] = above;
    room += NAME_DISTANCE;
  }
  return moved;
}

/** Names beside ends. */
function nameMark(ends: readonly NamedEnd[]): Plot.Markish {
  const options = { x: "epoch", y: "value", text: "label", textAnchor: "start", dx: 8 } as const;
  const apart = Plot.initializer<Plot.TextOptions>(options, (data, facets, _channels, { y }, dimensions) => {
    const places = ends.map(({ value }) => Number(y?.(value)));
    const lowest = dimensions.height - dimensions.marginBottom;
    return { data, facets, channels: { y: { value: movedApart(places, lowest) } } };
  });
  return Plot.text(ends, apart);
}

/** The names of few curves of several runs at their ends, and the room they take. */
function endNames(curves: readonly Curve[], width: number): { readonly marks: Plot.Markish[]; readonly room: number } {
  const labels = new Set(curves.map(({ label }) => label));
  if (curves.length > NAMED || labels.size < 2 || isPhone(width)) return { marks: [], room: 0 };
  const ends = curves.flatMap(({ label, points }) => points.slice(-1).map((end) => ({ ...end, label })));
  return { marks: [nameMark(ends)], room: LETTER * Math.max(...ends.map(({ label }) => label.length)) };
}

/** One figure of curves over epochs. */
function curvesFigure(
  { axis, ...words }: Pick<Figure, "name" | "title" | "caption"> & { readonly axis: string },
  curves: readonly Curve[],
): Figure {
  const values = curves.flatMap(({ points }) => points.map(({ value }) => value));
  const [lowest, highest] = extentOf(values);
  const isLogarithmic = lowest > 0 && highest > LOGARITHMIC_RATIO * lowest;
  const series = seriesIn(curves);
  const label = `${words.title}: ${curves.length === 1 ? "one curve" : `${curves.length} curves`}, ` +
    `values from ${lowest.toPrecision(3)} to ${highest.toPrecision(3)}.`;
  const draw = (width: number) => {
    const names = endNames(curves, width);
    return drawChart(label, chartSize(width), {
      ...chartFrame,
      marginRight: chartFrame.marginRight + names.room,
      x: { label: "epochs done", labelAnchor: "right", ticks: width / 90, zero: true },
      y: { label: axis, nice: true, ticks: TICKS, ...(isLogarithmic ? { type: "log", tickFormat: "~g" } : {}) },
      marks: [horizontalGrid(), ...curveMarks(curves), ...names.marks],
    });
  };
  return { ...words, legend: series.length > 1 ? series.map(lineEntry) : [], panels: [{ title: null, draw }] };
}

/** What was minimised, step by step. */
export function lossFigure(runs: readonly ReportRun[]): Figure {
  const words = { name: "loss", title: "Loss", axis: "loss" };
  const curves = runs.filter(({ steps }) => steps.length > 0).map(({ name, varied, config, steps }): Curve => ({
    run: name,
    label: shortLabel({ name, varied }),
    series: trainingSeries[config.mode],
    points: steps.map(({ step, steps, loss }) => ({ epoch: step * config.epochs / steps, value: loss })),
  }));
  if (curves.length === 0) return missingFigure(words.name, words.title, "No run has trained a step yet.");
  const objectives = new Set(runs.map(({ config }) => config.objective));
  const caption = [
    `What training minimises: ${
      [...objectives].join(", ")
    } and, of gated passes, the budget's terms; some steps of each run.`,
    ...(objectives.size > 1 ? ["Values of different objectives are not to be compared."] : []),
  ];
  return curvesFigure({ ...words, caption }, curves);
}

/** The values that tell a run from others, or its name. */
function shortLabel({ name, varied }: Pick<ReportRun, "name" | "varied">): string {
  return Object.values(varied).map(formatValue).join(" ") || name;
}

/** The curves of a run's networks. */
function neighbourCurves({ name, varied, config, watches }: ReportRun): Curve[] {
  const networks: readonly Pass[] = ["dense", "gated"];
  return networks.map((network) => ({
    run: name,
    label: shortLabel({ name, varied }),
    series: allSeries[seriesOf(config.mode, network)],
    points: watches.flatMap(({ epoch, networks: { [network]: watch } }) => {
      return watch === undefined ? [] : [{ epoch, value: watch.knn20 }];
    }),
  })).filter(({ points }) => points.length > 0);
}

/** 20-NN accuracy as it was watched during training. */
export function neighboursFigure(runs: readonly ReportRun[]): Figure {
  const words = { name: "neighbours", title: "20-NN accuracy during training", axis: "20-NN, %" };
  const curves = runs.flatMap(neighbourCurves);
  if (curves.length === 0) {
    const isWatched = runs.some(({ config }) => config.evalEvery > 0);
    const reason = isWatched
      ? "No run has been evaluated during training yet."
      : "Runs were not evaluated during training: --eval-every was 0.";
    return missingFigure(words.name, words.title, reason);
  }
  return curvesFigure({ ...words, caption: ["Accuracy of 20 neighbours on the test images, epoch by epoch."] }, curves);
}
