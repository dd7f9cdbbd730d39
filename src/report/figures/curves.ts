/**
 * The figures of loss and of 20-NN accuracy over the epochs of training.
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
  /** The values of the varied options, or the run's name. */
  readonly label: string;
  readonly series: Series;
  readonly points: readonly CurvePoint[];
}

/**
 * Ratio of the largest to the smallest value above which the scale is logarithmic: a linear scale would hide the small
 * values.
 */
const LOGARITHMIC_RATIO = 20;

/** Largest number of curves that are drawn with dashes: more dashed curves are only noise. */
const CROWD = 40;

/** More lines are thinner and fainter. */
function lineStyle(curves: number): { readonly strokeWidth: number; readonly strokeOpacity: number } {
  if (curves <= 8) return { strokeWidth: 1.75, strokeOpacity: 0.95 };
  return curves <= CROWD ? { strokeWidth: 1.25, strokeOpacity: 0.6 } : { strokeWidth: 0.9, strokeOpacity: 0.25 };
}

/** The different series of the curves. */
function seriesIn(curves: readonly Curve[]): Series[] {
  return [...new Map(curves.map(({ series }) => [series.name, series])).values()];
}

/** Interleaves the series, so that the last one does not cover all others where curves overlap. */
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
    // A line of a single point would be invisible.
    if (points.length === 1) return Plot.dot(points, { ...place, symbol, fill: colour(name), r: 3.5 });
    return Plot.line(points, { ...place, stroke: colour(name), ...style, ...dashes });
  });
}

/** Largest number of curves that have their names at their ends. */
const NAMED = 8;
/** Smallest distance in pixels between two names. */
const NAME_DISTANCE = FONT_SIZE + 2;

/** The last point of a curve, with the curve's label. */
interface NamedEnd extends CurvePoint {
  readonly label: string;
}

/** Moves overlapping texts apart, none of them below `lowest`. Heights grow downwards. */
function movedApart(places: readonly number[], lowest: number): number[] {
  const downwards = [...places.keys()].sort((one, other) => (places[one] ?? 0) - (places[other] ?? 0));
  const moved = [...places];
  let room = lowest - NAME_DISTANCE * (places.length - 1);
  // Each text stays below the texts above it, and leaves room for the texts below it.
  let above = -Infinity;
  for (const index of downwards) {
    above = Math.max(Math.min(places[index] ?? 0, room), above + NAME_DISTANCE);
    moved[index] = above;
    room += NAME_DISTANCE;
  }
  return moved;
}

/** Labels beside the ends of curves. */
function nameMark(ends: readonly NamedEnd[]): Plot.Markish {
  const options = { x: "epoch", y: "value", text: "label", textAnchor: "start", dx: 8 } as const;
  const apart = Plot.initializer<Plot.TextOptions>(options, (data, facets, _channels, { y }, dimensions) => {
    const places = ends.map(({ value }) => Number(y?.(value)));
    const lowest = dimensions.height - dimensions.marginBottom;
    return { data, facets, channels: { y: { value: movedApart(places, lowest) } } };
  });
  return Plot.text(ends, apart);
}

/** The labels at the ends of curves, with their width in pixels. None for many curves, equal labels or a phone. */
function endNames(curves: readonly Curve[], width: number): { readonly marks: Plot.Markish[]; readonly room: number } {
  const labels = new Set(curves.map(({ label }) => label));
  if (curves.length > NAMED || labels.size < 2 || isPhone(width)) return { marks: [], room: 0 };
  const ends = curves.flatMap(({ label, points }) => points.slice(-1).map((end) => ({ ...end, label })));
  return { marks: [nameMark(ends)], room: LETTER * Math.max(...ends.map(({ label }) => label.length)) };
}

/** A figure of curves over epochs. */
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

/** Draws the loss of a sample of each run's steps. */
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
    `Training minimises ${
      [...objectives].join(", ")
    } and, in gated passes, the budget's terms. Each curve shows a sample of the run's steps.`,
    ...(objectives.size > 1 ? ["Values of different objectives are not comparable."] : []),
  ];
  return curvesFigure({ ...words, caption }, curves);
}

/** The values of a run's varied options, or the run's name if nothing varies. */
function shortLabel({ name, varied }: Pick<ReportRun, "name" | "varied">): string {
  return Object.values(varied).map(formatValue).join(" ") || name;
}

/** The 20-NN curves of a run's networks. */
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

/** Draws the 20-NN accuracy during training. */
export function neighboursFigure(runs: readonly ReportRun[]): Figure {
  const words = { name: "neighbours", title: "20-NN accuracy during training", axis: "20-NN, %" };
  const curves = runs.flatMap(neighbourCurves);
  if (curves.length === 0) {
    const isWatched = runs.some(({ config }) => config.evalEvery > 0);
    const reason = isWatched
      ? "No run has been evaluated during training yet."
      : "The runs were not evaluated during training, because --eval-every was 0.";
    return missingFigure(words.name, words.title, reason);
  }
  return curvesFigure(
    { ...words, caption: ["Accuracy of 20 nearest neighbours on the test images, by epoch."] },
    curves,
  );
}
