/**
 * The parts of a figure, for the page and for files: texts, a legend, and one or more charts.
 *
 * @module
 */
import * as Plot from "@observablehq/plot";
import { colour, type ColourName } from "../colours.ts";
import type { Series } from "../series.ts";
import { drawSwatch, markerStyle, type Size, type SvgElement } from "./chart.ts";

/** A name of the legend with its swatch. */
export interface LegendEntry {
  readonly name: string;
  readonly swatch: SvgElement;
}

/** A chart of a figure. */
export interface Panel {
  /** Title of the chart; null if it is the figure's only chart. */
  readonly title: string | null;
  /** Draws the chart. @param width in pixels. */
  draw(width: number): SvgElement;
}

/** A figure of the page. */
export interface Figure {
  /** Short name for the file and for the page's anchor. */
  readonly name: string;
  /** Heading of the figure. */
  readonly title: string;
  /** Sentences that explain how to read the figure. */
  readonly caption: readonly string[];
  /** Empty if there is only one series. */
  readonly legend: readonly LegendEntry[];
  /** One chart or several small ones; empty if there is nothing to show, which the caption then explains. */
  readonly panels: readonly Panel[];
}

/** A figure without a chart. @param reason a sentence that says why. */
export function missingFigure(name: string, title: string, reason: string): Figure {
  return { name, title, caption: [reason], legend: [], panels: [] };
}

/** Whether a chart of this width in pixels is for a phone. */
export function isPhone(width: number): boolean {
  return width < 500;
}

/** The size of a figure's only chart: wide on a large screen, nearly square on a phone. */
export function chartSize(width: number): Size {
  return { width, height: Math.round(isPhone(width) ? width * 0.95 : width * 0.56) };
}

/** A legend entry with a series' marker. */
export function pointEntry(series: Series, hollow = false): LegendEntry {
  const dot = { x: [0.5], y: [0.5], ...markerStyle(series, { hollow }) };
  return { name: series.name, swatch: drawSwatch([Plot.dot([0], dot)]) };
}

/** A legend entry with a series' line. */
export function lineEntry({ name, colour: stroke, dash }: Omit<Series, "symbol">): LegendEntry {
  return { name, swatch: drawSwatch([lineAcross(stroke, dash)]) };
}

function lineAcross(stroke: ColourName, dash: string | null): Plot.Markish {
  const dashes = dash === null ? {} : { strokeDasharray: dash };
  return Plot.ruleY([0.5], { stroke: colour(stroke), strokeWidth: 2, ...dashes });
}

/** A legend entry with a bar. @param outlined draws only the outline of the bar. */
export function barEntry(name: string, fill: ColourName, outlined = false): LegendEntry {
  const paint = outlined
    ? { fill: colour(fill), fillOpacity: 0.15, stroke: colour(fill), strokeWidth: 1.5 }
    : { fill: colour(fill) };
  return { name, swatch: drawSwatch([Plot.rect([0], { x1: 0.05, x2: 0.95, y1: 0.1, y2: 0.9, ...paint })]) };
}
