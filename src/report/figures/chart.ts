/**
 * Draws with the plotting library: SVG for both themes, named for screen readers, and the parts that figures share.
 *
 * @module
 */
import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { colour } from "../colours.ts";
import type { Series } from "../series.ts";

/** What we use of an SVG element. */
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

// A document without a browser, for the plotting library to draw in.
const { document } = parseHTML("<!doctype html><html></html>") as unknown as Required<
  Pick<Plot.PlotOptions, "document">
>;

/** Height of the text of ticks and labels in pixels. */
export const FONT_SIZE = 12;

/** Width of a letter in pixels, on the generous side. */
export const LETTER = 0.58 * FONT_SIZE;

/** Room around a chart with both axes. */
export const chartFrame = { marginLeft: 44, marginBottom: 42, marginTop: 28, marginRight: 16 } as const;

/**
 * Takes away what is said of parts, since the whole is one image with one name, and rounds numbers: two decimals of a pixel are enough,
 * and a third of the text.
 */
function tidy(element: SvgElement): void {
  for (const { name, value } of [...element.attributes]) {
    if (name.startsWith("aria-")) element.removeAttribute(name);
    const rounded = value.replace(/-?\d+\.\d{3,}/g, (number) => String(Math.round(Number(number) * 100) / 100));
    if (rounded !== value) element.setAttribute(name, rounded);
  }
}

/** Draws one chart. @param label what it shows, for people who do not see it. */
export function drawChart(label: string, size: Size, options: Plot.PlotOptions): SvgElement {
  const svg = Plot.plot({ document, ...size, ...options }) as unknown as SvgElement;
  // The page's own style says what these would: its policy admits no others.
  for (const style of [...svg.querySelectorAll("style")]) style.remove();
  svg.setAttribute("class", "chart");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", label);
  svg.setAttribute("font-size", String(FONT_SIZE));
  for (const element of svg.querySelectorAll("*")) tidy(element);
  return svg;
}

/** About how many ticks an axis of values has. */
export const TICKS = 6;

const gridLines = { stroke: colour("rule"), strokeOpacity: 1 };

/** Horizontal lines of a grid at {@linkcode TICKS}, behind everything. */
export function horizontalGrid(): Plot.Markish {
  return Plot.gridY({ ...gridLines, ticks: TICKS });
}

/** Vertical lines of a grid at {@linkcode TICKS}, behind everything. */
export function verticalGrid(): Plot.Markish {
  return Plot.gridX({ ...gridLines, ticks: TICKS });
}

/** Text that stays readable on lines. @param fill its colour. */
export function textOnLines(fill: string) {
  return { fill, stroke: colour("background"), strokeWidth: 4, paintOrder: "stroke" } as const;
}

/** One value with its deviation in both directions. */
export interface Point {
  readonly x: number;
  readonly y: number;
  readonly xDeviation: number;
  readonly yDeviation: number;
  /** Shown where a pointer rests on it. */
  readonly title: string;
}

/** How markers are drawn. */
export interface MarkerOptions {
  /** Smaller and fainter, where there are many. */
  readonly crowded?: boolean;
  /** Outlines, through which others are seen. */
  readonly hollow?: boolean;
}

/** How the markers of a series look. */
export function markerStyle({ colour: name, symbol }: Series, { crowded = false, hollow = false }: MarkerOptions) {
  const size = { symbol, r: crowded ? 3.5 : 5 };
  if (hollow) return { ...size, stroke: colour(name), strokeWidth: 1.75 };
  const fill = { fill: colour(name), fillOpacity: crowded ? 0.75 : 1 };
  return { ...size, ...fill, stroke: colour("background"), strokeWidth: crowded ? 0.5 : 1 };
}

/** Markers of one series with error bars. */
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

/** Marks that are drawn in a small box beside their name. */
export function drawSwatch(marks: readonly Plot.Markish[]): SvgElement {
  const svg = drawChart("", { width: 30, height: 18 }, {
    margin: 0,
    x: { domain: [0, 1], axis: null },
    y: { domain: [0, 1], axis: null },
    marks: [...marks],
  });
  // What it stands for is said beside it.
  svg.removeAttribute("role");
  svg.removeAttribute("aria-label");
  svg.setAttribute("class", "swatch");
  svg.setAttribute("aria-hidden", "true");
  return svg;
}
