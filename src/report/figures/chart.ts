/**
 * Draws charts with the plotting library, as SVG for both themes and with labels for screen readers.
 *
 * @module
 */
import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { colour } from "../colours.ts";
import type { Series } from "../series.ts";

/** The part of the DOM's SVG element that reports use. */
export interface SvgElement {
  readonly attributes: Iterable<{ readonly name: string; readonly value: string }>;
  setAttribute(name: string, value: string): void;
  getAttribute(name: string): string | null;
  removeAttribute(name: string): void;
  querySelectorAll(selector: string): Iterable<SvgElement>;
  remove(): void;
  /** The element as text, well-formed XML. */
  readonly outerHTML: string;
}

/** Width and height in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

// The plotting library needs a document, and there is no browser.
const { document } = parseHTML("<!doctype html><html></html>") as unknown as Required<
  Pick<Plot.PlotOptions, "document">
>;

/** Font size of ticks and labels in pixels. */
export const FONT_SIZE = 12;

/** Generous estimate of a letter's width in pixels. */
export const LETTER = 0.58 * FONT_SIZE;

/** Margins in pixels of a chart with both axes. */
export const chartFrame = { marginLeft: 44, marginBottom: 42, marginTop: 28, marginRight: 16 } as const;

/**
 * Removes the labels of parts, because the whole chart is one image with one label. Rounds numbers to two decimals of a
 * pixel, which saves two thirds of the text.
 */
function tidy(element: SvgElement): void {
  for (const { name, value } of [...element.attributes]) {
    if (name.startsWith("aria-")) element.removeAttribute(name);
    const rounded = value.replace(/-?\d+\.\d{3,}/g, (number) => String(Math.round(Number(number) * 100) / 100));
    if (rounded !== value) element.setAttribute(name, rounded);
  }
}

/** Draws a chart. @param label description for readers who do not see the chart. */
export function drawChart(label: string, size: Size, options: Plot.PlotOptions): SvgElement {
  const svg = Plot.plot({ document, ...size, ...options }) as unknown as SvgElement;
  // The page's policy allows no further style elements; its own style sheet has these rules.
  for (const style of [...svg.querySelectorAll("style")]) style.remove();
  svg.setAttribute("class", "chart");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", label);
  svg.setAttribute("font-size", String(FONT_SIZE));
  for (const element of svg.querySelectorAll("*")) tidy(element);
  return svg;
}

/** Approximate number of ticks on a value axis. */
export const TICKS = 6;

const gridLines = { stroke: colour("rule"), strokeOpacity: 1 };

/** Horizontal grid lines. List them first, so that they are behind the data. */
export function horizontalGrid(): Plot.Markish {
  return Plot.gridY({ ...gridLines, ticks: TICKS });
}

/** Vertical grid lines. List them first, so that they are behind the data. */
export function verticalGrid(): Plot.Markish {
  return Plot.gridX({ ...gridLines, ticks: TICKS });
}

/** Options of text that stays readable on top of lines. @param fill colour of the text. */
export function textOnLines(fill: string) {
  return { fill, stroke: colour("background"), strokeWidth: 4, paintOrder: "stroke" } as const;
}

/** A point with a standard deviation in each direction, or 0 for none. */
export interface Point {
  readonly x: number;
  readonly y: number;
  readonly xDeviation: number;
  readonly yDeviation: number;
  /** Tooltip. */
  readonly title: string;
}

/** How markers are drawn. */
export interface MarkerOptions {
  /** Smaller and fainter markers, for many points. */
  readonly crowded?: boolean;
  /** Outlines only, so that covered markers stay visible. */
  readonly hollow?: boolean;
}

/** The plotting library's options for the markers of a series. */
export function markerStyle({ colour: name, symbol }: Series, { crowded = false, hollow = false }: MarkerOptions) {
  const size = { symbol, r: crowded ? 3.5 : 5 };
  if (hollow) return { ...size, stroke: colour(name), strokeWidth: 1.75 };
  const fill = { fill: colour(name), fillOpacity: crowded ? 0.75 : 1 };
  return { ...size, ...fill, stroke: colour("background"), strokeWidth: crowded ? 0.5 : 1 };
}

/** The markers of a series, with an error bar for each deviation above 0. */
export function errorPoints(points: readonly Point[], series: Series, options: MarkerOptions): Plot.Markish[] {
  const bars = { stroke: colour(series.colour), strokeWidth: 1.25, strokeOpacity: options.crowded ? 0.35 : 0.8 };
  const spread = (of: "xDeviation" | "yDeviation") => points.filter((point) => point[of] > 0);
  return [
    Plot.ruleX(spread("yDeviation"), {
      x: "x",
      y1: ({ y, yDeviation }: Point) => y - yDeviation,
      y2: ({ y, yDeviation }: Point) => y + yDeviation,
      ...bars,
    }),
    Plot.ruleY(spread("xDeviation"), {
      y: "y",
      x1: ({ x, xDeviation }: Point) => x - xDeviation,
      x2: ({ x, xDeviation }: Point) => x + xDeviation,
      ...bars,
    }),
    Plot.dot(points, { x: "x", y: "y", title: "title", ...markerStyle(series, options) }),
  ];
}

/** Draws marks as a swatch of the legend. */
export function drawSwatch(marks: readonly Plot.Markish[]): SvgElement {
  const svg = drawChart("", { width: 30, height: 18 }, {
    margin: 0,
    x: { domain: [0, 1], axis: null },
    y: { domain: [0, 1], axis: null },
    marks: [...marks],
  });
  // The text beside the swatch names it.
  svg.removeAttribute("role");
  svg.removeAttribute("aria-label");
  svg.setAttribute("class", "swatch");
  svg.setAttribute("aria-hidden", "true");
  return svg;
}
