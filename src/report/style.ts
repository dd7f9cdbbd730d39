/**
 * The page's style sheet, for both themes, wide screens, phones and paper.
 *
 * @module
 */
import { dark, light, type Palette } from "./colours.ts";

function properties(palette: Palette): string {
  return Object.entries(palette).map(([name, value]) => `--${name}: ${value};`).join(" ");
}

/** Window width in pixels below which the page shows the charts for phones. */
const NARROW = 760;

/** The style sheet's text. */
export const style = `
:root { color-scheme: light; ${properties(light)} }
:root[data-theme="dark"] { color-scheme: dark; ${properties(dark)} }
@media screen and (prefers-color-scheme: dark) {
  :root:not([data-theme="light"]) { color-scheme: dark; ${properties(dark)} }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 1120px; padding: 1.25rem 1rem 3rem;
  background: var(--background); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere;
}
header { display: flex; gap: 1rem; align-items: flex-start; justify-content: space-between; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0; }
h2 { font-size: 1.15rem; line-height: 1.3; margin: 0 0 0.5rem; }
section { margin: 2.25rem 0 0; }
figure { margin: 0; }
p, ul { margin: 0.25rem 0 0.5rem; }
ul { padding-left: 1.25rem; }
button { font: inherit; color: inherit; cursor: pointer; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
#theme {
  flex: none; padding: 0.4rem 0.8rem; border: 1px solid var(--muted); border-radius: 0.4rem; background: var(--surface);
}
dl { display: flex; flex-wrap: wrap; gap: 0.5rem 2rem; margin: 0.75rem 0 0; }
dt { font-size: 0.85rem; color: var(--muted); }
dd { margin: 0; }
.notice { border-left: 4px solid var(--gated); background: var(--surface); padding: 0.4rem 0.75rem 0.4rem 1.75rem; margin: 0 0 0.75rem; }
figcaption { color: var(--muted); font-size: 0.9rem; max-width: 46rem; margin-top: 0.35rem; }
.legend { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; list-style: none; margin: 0 0 0.4rem; padding: 0; font-size: 0.9rem; }
.legend li { display: flex; align-items: center; gap: 0.4rem; }
.chart { display: block; max-width: 100%; height: auto; overflow: visible; }
.swatch { flex: none; }
.narrow { display: none; }
.panels { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 300px), 1fr)); gap: 1.25rem 1.5rem; }
.panels p { font-size: 0.9rem; font-weight: 600; margin: 0; }
.pictures { display: flex; flex-wrap: wrap; gap: 1.25rem 1.5rem; margin: 0.5rem 0 0; }
.pictures p, h3 { font-size: 0.9rem; font-weight: 600; margin: 0; }
h3 { margin: 1rem 0 0; }
.pictures figure { max-width: 100%; }
.pictures img { display: block; max-width: 100%; height: auto; background: #fff; }
.pictures details { font-size: 0.9rem; max-width: 30rem; }
.scroll { overflow-x: auto; max-height: 40rem; overflow-y: auto; border: 1px solid var(--rule); }
table { border-collapse: collapse; width: 100%; font-size: 0.875rem; overflow-wrap: normal; }
th, td { padding: 0.3rem 0.55rem; text-align: left; white-space: nowrap; }
td { border-top: 1px solid var(--rule); }
th { position: sticky; top: 0; padding: 0; background: var(--surface); }
th button { width: 100%; padding: 0.45rem 0.55rem; border: 0; background: none; text-align: inherit; font-weight: 600; white-space: nowrap; }
th button:focus-visible { outline-offset: -2px; }
th button::after { content: "\\2195"; display: inline-block; width: 1.2em; text-align: right; color: var(--muted); }
th[aria-sort="ascending"] button::after { content: "\\2191"; color: inherit; }
th[aria-sort="descending"] button::after { content: "\\2193"; color: inherit; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
@media (max-width: ${NARROW - 1}px) {
  body { padding: 1rem 0.75rem 2rem; }
  .wide { display: none; }
  .narrow { display: block; }
}
@media print { #theme { display: none; } .scroll { max-height: none; } figure { break-inside: avoid; } }
`;
