/**
 * What a figure is, whichever way it is shown: its words, its legend, and one or more charts.
 *
 * @module
 */
import * as Plot from "@observablehq/plot";
import { colour, type ColourName } from "../colours.ts";
import type { Series } from "../series.ts";
import { drawSwatch, markerStyle, type Size, type SvgElement } from "./chart.ts";

/** One line of a legend. */
export interface LegendEntry {
  readonly name: string;
  readonly swatch: SvgElement;
}

/** One chart of a figure. */
export interface Panel {
  /** What it shows of all that the figure shows; null where it is the only one. */
  readonly title: string | null;
  /** Draws it as wide as asked for. */
  draw(width: number): SvgElement;
}

/** A figure of the page. */
export interface Figure {
  /** Short name, of its file and its place in the page. */
  readonly name: string;
  /** What it shows. */
  readonly title: string;
  /** How to read it, sentences. */
  readonly caption: readonly string[];
  /** Empty where nothing needs to be told apart. */
  readonly legend: readonly LegendEntry[];
  /** One chart, or several small ones; none where there is nothing to show, and the caption says why. */
  readonly panels: readonly Panel[];
}

/** A figure that has nothing to show yet. @param reason one sentence. */
export function missingFigure(name: string, title: string, reason: string): Figure {
  return { name, title, caption: [reason], legend: [], panels: [] };
}

/** Whether a chart of this width is for a phone. */
export function isPhone(width: number): boolean {
  return width < 500;
}

/** A chart's size where it is the figure's only one: flat on a wide screen, upright on a phone. */
export function chartSize(width: number): Size {
  return { width, height: Math.round(isPhone(width) ? width * 0.95 : width * 0.56) };
}

/** A series of markers in the legend. */
export function pointEntry(series: Series, hollow = false): LegendEntry {
  const dot = { x: [0.5], y: [0.5], ...markerStyle(series, { hollow }) };
  return { name: series.name, swatch: drawSwatch([Plot.dot([0], dot)]) };
}

/** A series of lines in the legend. */
export function lineEntry({ name, colour: stroke, dash }: Omit<Series, "symbol">): LegendEntry {
  return { name, swatch: drawSwatch([lineAcross(stroke, dash)]) };
}

function lineAcross(stroke: ColourName, dash: string | null): Plot.Markish {
  const dashes = dash === null ? {} : { strokeDasharray: dash };
  return Plot.ruleY([0.5], { stroke: colour(stroke), strokeWidth: 2, ...dashes });
}

/** A kind of bars in the legend. @param outlined drawn as the outline of a bar. */
export function barEntry(name: string, fill: ColourName, outlined = false): LegendEntry {
  const paint = outlined
    ? { fill: colour(fill), fillOpacity: 0.15, stroke: colour(fill), strokeWidth: 1.5 }
    : { fill: colour(fill) };
  return { name, swatch: drawSwatch([Plot.rect([0], { x1: 0.05, x2: 0.95, y1: 0.1, y2: 0.9, ...paint })]) };
}
