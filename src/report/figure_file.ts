/**
 * Writes figures as separate SVG files for a paper, in the light theme and with the legend inside.
 *
 * @module
 */
import { colour, type ColourName, light } from "./colours.ts";
import { FONT_SIZE, LETTER, type Size, type SvgElement } from "./figures/chart.ts";
import { type Figure, figuresOf, type LegendEntry } from "./figures/mod.ts";
import { Markup, markup } from "./markup.ts";
import type { ReportData } from "./report_data.ts";

/** A figure as a file. */
export interface FigureFile {
  /** File name without its extension. */
  readonly name: string;
  /** Text of the SVG file. */
  readonly svg: string;
}

/** Width in pixels of a single chart, and of each of several charts. */
const [WHOLE, SMALL] = [720, 320];
/** Number of columns for several charts. */
const COLUMNS = 3;
/** Pixels between parts. */
const GAP = 16;
/** Height in pixels of a line of the legend, and of a chart's title. */
const LINE = 22;

const colourNames = Object.keys(light) as ColourName[];
const resolved = new Map<string, string>([
  ["currentColor", light.ink],
  ...colourNames.map((name): [string, string] => [colour(name), light[name]]),
]);

/** Replaces references to the theme's colours: a file has no theme. */
function resolveColours(svg: SvgElement): void {
  for (const element of [svg, ...svg.querySelectorAll("*")]) {
    for (const { name, value } of [...element.attributes]) {
      element.setAttribute(name, resolved.get(value) ?? value);
    }
  }
}

/** Moves an element to a position in the file. */
function placed(svg: SvgElement, x: number, y: number): Markup {
  resolveColours(svg);
  // These attributes serve the page only. The font is set once for the whole file.
  for (const name of ["class", "role", "aria-label", "aria-hidden", "font-family"]) svg.removeAttribute(name);
  svg.setAttribute("x", String(x));
  svg.setAttribute("y", String(y));
  return new Markup(svg.outerHTML);
}

function sizeOf(svg: SvgElement): Size {
  return { width: Number(svg.getAttribute("width")), height: Number(svg.getAttribute("height")) };
}

function textAt(text: string, x: number, y: number, weight: "normal" | "bold"): Markup {
  return markup`<text x="${x}" y="${y}" font-weight="${weight}">${text}</text>`;
}

/** Parts of a file with their height in pixels. */
interface Block {
  readonly parts: readonly Markup[];
  readonly height: number;
}

/** The legend, broken into lines that fit the width. */
function legendLines(legend: readonly LegendEntry[], width: number): Block {
  let [x, y] = [0, 0];
  const parts = legend.map(({ name, swatch }) => {
    const size = sizeOf(swatch);
    const textOffset = size.width + 6;
    const needed = textOffset + LETTER * name.length;
    if (x > 0 && x + needed > width) [x, y] = [0, y + LINE];
    const begin = x;
    x += needed + GAP;
    const text = textAt(name, begin + textOffset, y + LINE / 2 + 4, "normal");
    return markup`${placed(swatch, begin, y + (LINE - size.height) / 2)}${text}`;
  });
  return { parts, height: legend.length === 0 ? 0 : y + LINE + 6 };
}

/** The charts in rows, starting at a height. */
function chartRows({ panels }: Figure, panelWidth: number, top: number): Block {
  let [rowTop, bottom] = [top, top];
  const parts = panels.map(({ title, draw }, index) => {
    const column = index % COLUMNS;
    if (column === 0 && index > 0) rowTop = bottom + GAP;
    const [x, y] = [column * (panelWidth + GAP), rowTop + (title === null ? 0 : LINE)];
    const svg = draw(panelWidth);
    bottom = Math.max(bottom, y + sizeOf(svg).height);
    return markup`${title === null ? null : textAt(title, x, rowTop + 15, "bold")}${placed(svg, x, y)}`;
  });
  return { parts, height: bottom };
}

function figureFile(figure: Figure): FigureFile {
  const { panels } = figure;
  const panelWidth = panels.length === 1 ? WHOLE : SMALL;
  const width = Math.min(COLUMNS, panels.length) * (panelWidth + GAP) - GAP;
  const legend = legendLines(figure.legend, width);
  const charts = chartRows(figure, panelWidth, legend.height);
  const size = markup`width="${width}" height="${charts.height}"`;
  const box = markup`viewBox="0 0 ${width} ${charts.height}"`;
  const font = markup`font-family="Helvetica, Arial, sans-serif" font-size="${FONT_SIZE}" fill="${light.ink}"`;
  const { text } = markup`<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" ${size} ${box} ${font}>
<title>${figure.title}</title>
<rect ${size} fill="${light.background}"/>
${legend.parts}
${charts.parts}
</svg>
`;
  return { name: figure.name, svg: text };
}

/** Makes a file of every figure that has a chart. */
export function figureFiles(data: ReportData): FigureFile[] {
  return figuresOf(data).filter(({ panels }) => panels.length > 0).map(figureFile);
}
