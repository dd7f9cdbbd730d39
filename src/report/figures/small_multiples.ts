/**
 * Chooses the configurations for figures with one small chart for each.
 *
 * @module
 */
import type { Configuration } from "../outcomes.ts";

/** Largest number of small charts in a figure. */
const MOST = 12;

/** Orders configurations by budget, those without a budget last, and keeps at most {@linkcode MOST}, evenly spaced. */
export function chosenConfigurations(configurations: readonly Configuration[]): Configuration[] {
  const place = ({ target }: Configuration) => target ?? Infinity;
  const ordered = configurations.toSorted((one, other) => place(one) === place(other) ? 0 : place(one) - place(other));
  if (ordered.length <= MOST) return ordered;
  const step = (ordered.length - 1) / (MOST - 1);
  return Array.from({ length: MOST }, (_, index) => ordered[Math.round(index * step)])
    .filter((configuration) => configuration !== undefined);
}

/** A sentence of the caption about configurations that are not shown; none if all are shown. */
export function describeChoice(all: number, chosen: number): string[] {
  return chosen < all ? [`${chosen} of ${all} configurations are shown, evenly spaced by budget.`] : [];
}

/** A sentence of the caption if charts are means over seeds. */
export function describeMeans(configurations: readonly Configuration[]): string[] {
  return configurations.some(({ runs }) => runs.length > 1)
    ? ["Each chart is the mean over the configuration's seeds."]
    : [];
}

/** Height in pixels of a chart of horizontal bars: two lines of text for the axis, and one for each bar. */
export function barsHeight(bars: number): number {
  return 50 + 21 * bars;
}
