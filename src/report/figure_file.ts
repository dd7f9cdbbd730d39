/**
 * Figures as SVG files of their own: colours of the light theme, the legend inside, fit for a paper.
 *
 * @module
 */
import { colour, type ColourName, light } from "./colours.ts";
import { FONT_SIZE, type Size, type SvgElement } from "./figures/chart.ts";
import { type Figure, figuresOf, type LegendEntry } from "./figures/mod.ts";
import { Markup, markup } from "./markup.ts";
import type { ReportData } from "./report_data.ts";

/** A figure as a file. */
export interface FigureFile {
  /** Short name, without an ending. */
  readonly name: string;
  /** Text of the SVG file. */
  readonly svg: string;
}

/** Width of a figure's only chart, and of one of several. */
const [WHOLE, SMALL] = [720, 320];
/** Several charts stand in so many columns. */
const COLUMNS = 3;
/** Pixels between parts. */
const GAP = 16;
/** Height of a line of the legend, and of a chart's title. */
const LINE = 22;
/** Width of a letter, on the generous side. */
const LETTER = 0.58 * FONT_SIZE;

const colourNames = Object.keys(light) as ColourName[];
const resolved = new Map<string, string>([
  ["currentColor", light.ink],
  ...colourNames.map((name): [string, string] => [colour(name), light[name]]),
]);

/** Gives every attribute that names a colour of the theme the colour itself. */
function resolveColours(svg: SvgElement): void {
  for (const element of [svg, ...svg.querySelectorAll("*")]) {
    for (const { name, value } of [...element.attributes]) {
      element.setAttribute(name, resolved.get(value) ?? value);
    }
  }
}

/** An element at a place in the file. */
function placed(svg: SvgElement, x: number, y: number): Markup {
  resolveColours(svg);
  // These are the page's. The fonts are the file's.
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

/** The legend in one row. */
function legendRow(legend: readonly LegendEntry[]): Markup[] {
  let x = 0;
  return legend.map(({ name, swatch }) => {
    const { width, height } = sizeOf(swatch);
    const [begin, text] = [x, x + width + 6];
    x = text + LETTER * name.length + GAP;
    return markup`${placed(swatch, begin, (LINE - height) / 2)}${textAt(name, text, LINE / 2 + 4, "normal")}`;
  });
}

/** The charts in rows, below a height. */
function chartRows({ panels }: Figure, top: number): { readonly parts: Markup[]; readonly size: Size } {
  const width = panels.length === 1 ? WHOLE : SMALL;
  let [rowTop, bottom] = [top, top];
  const parts = panels.map(({ title, draw }, index) => {
    const column = index % COLUMNS;
    if (column === 0 && index > 0) rowTop = bottom + GAP;
    const [x, y] = [column * (width + GAP), rowTop + (title === null ? 0 : LINE)];
    const svg = draw(width);
    bottom = Math.max(bottom, y + sizeOf(svg).height);
    return markup`${title === null ? null : textAt(title, x, rowTop + 15, "bold")}${placed(svg, x, y)}`;
  });
  const columns = Math.min(COLUMNS, panels.length);
  return { parts, size: { width: columns * (width + GAP) - GAP, height: bottom } };
}

function figureFile(figure: Figure): FigureFile {
  const legend = legendRow(figure.legend);
  const { parts, size: { width, height } } = chartRows(figure, legend.length > 0 ? LINE + 6 : 0);
  const font = markup`font-family="Helvetica, Arial, sans-serif" font-size="${FONT_SIZE}" fill="${light.ink}"`;
  const { text } = markup`<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ${font}>
<title>${figure.title}</title>
<rect width="${width}" height="${height}" fill="${light.background}"/>
${legend}
${parts}
</svg>
`;
  return { name: figure.name, svg: text };
}

/** Makes a file of every figure that has something to show. */
export function figureFiles(data: ReportData): FigureFile[] {
  return figuresOf(data).filter(({ panels }) => panels.length > 0).map(figureFile);
}
