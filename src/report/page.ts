/**
 * Builds the page: one self-contained file that loads nothing from the network.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { exportsSection } from "./exports.ts";
import { type Figure, figuresOf } from "./figures/mod.ts";
import { Markup, markup } from "./markup.ts";
import { maskOutcomesOf } from "./mask_outcomes.ts";
import { maskTable } from "./mask_table.ts";
import { nearestSection } from "./nearest_pictures.ts";
import { otherEvaluations } from "./other_evaluations.ts";
import { commonMeasure, configurationsOf, outcomesOf } from "./outcomes.ts";
import { PlainCurves } from "./plain_curve.ts";
import type { ReportData } from "./report_data.ts";
import { script } from "./script.ts";
import { style } from "./style.ts";
import { summary } from "./page_top.ts";
import { table } from "./table.ts";

/** Widths in pixels of a single chart, for wide screens and for phones. */
const [WIDE, NARROW] = [820, 350];
/** Width in pixels of each of several small charts. */
const SMALL = 320;

/** A source for the content security policy that allows only this text. */
function sourceOf(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}

/** The content security policy: only the page's own style, script and inline images. */
const policy = [
  "default-src 'none'",
  "img-src data:",
  `style-src ${sourceOf(style)}`,
  `script-src ${sourceOf(script)}`,
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

function charts({ panels }: Figure): Markup {
  const drawn = panels.map(({ title, draw }) => ({ title, at: (width: number) => new Markup(draw(width).outerHTML) }));
  const [only] = drawn;
  if (only !== undefined && drawn.length === 1) {
    return markup`
      <div class="wide">${only.at(WIDE)}</div>
      <div class="narrow">${only.at(NARROW)}</div>`;
  }
  return markup`
      <div class="panels">${
    drawn.map(({ title, at }) =>
      markup`
        <div><p>${title}</p>${at(SMALL)}</div>`
    )
  }
      </div>`;
}

function figureSection(figure: Figure): Markup {
  const { name, title, caption, legend, panels } = figure;
  const entries = legend.map(({ name, swatch }) => markup`<li>${new Markup(swatch.outerHTML)}${name}</li>`);
  return markup`
  <section aria-labelledby="${name}-title">
    <h2 id="${name}-title">${title}</h2>
    <figure id="${name}" aria-labelledby="${name}-title">
      ${entries.length > 0 ? markup`<ul class="legend">${entries}</ul>` : null}
      ${panels.length > 0 ? charts(figure) : null}
      <figcaption>${caption.join(" ")}</figcaption>
    </figure>
  </section>`;
}

/** Makes the report's page. @returns the text of the HTML file. */
export function reportPage(data: ReportData): string {
  const outcomes = outcomesOf(configurationsOf(data));
  const plain = new PlainCurves(outcomes, commonMeasure(outcomes));
  const tables = [table(data, outcomes, plain), maskTable(data, maskOutcomesOf(outcomes, plain), plain)];
  return markup`<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta http-equiv="Content-Security-Policy" content="${policy}">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>${data.title} – sluice report</title>
  <link rel="icon" href="data:,">
  <style>${new Markup(style)}</style>
</head>
<body>
  <header>
    <h1>${data.title}</h1>
    <button id="theme" type="button" hidden>Dark theme</button>
  </header>
  <main>${summary(data, outcomes)}${figuresOf(data).map(figureSection)}${nearestSection(data)}${tables}${
    exportsSection(data)
  }${otherEvaluations(data)}
  </main>
  <script>${new Markup(script)}</script>
</body>
</html>
`.text;
}
