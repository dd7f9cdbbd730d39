/**
 * Which configurations the figures show that have one small chart for each.
 *
 * @module
 */
import type { Configuration } from "../outcomes.ts";

/** More would be a wall of charts. */
const MOST = 12;

/** Configurations by rising budget, those without one last; of too many, some evenly spaced. */
export function chosenConfigurations(configurations: readonly Configuration[]): Configuration[] {
  const place = ({ target }: Configuration) => target ?? Infinity;
  const ordered = configurations.toSorted((one, other) => place(one) === place(other) ? 0 : place(one) - place(other));
  if (ordered.length <= MOST) return ordered;
  const step = (ordered.length - 1) / (MOST - 1);
  return Array.from({ length: MOST }, (_, index) => ordered[Math.round(index * step)])
    .filter((configuration) => configuration !== undefined);
}

/** What to say of configurations that are not shown; nothing where all are. */
export function describeChoice(all: number, chosen: number): string[] {
  return chosen < all ? [`Shown are ${chosen} of ${all} configurations, evenly spaced by budget.`] : [];
}

/** What to say where charts are means over seeds. */
export function describeMeans(configurations: readonly Configuration[]): string[] {
  return configurations.some(({ runs }) => runs.length > 1) ? ["Each is the mean over the configuration's seeds."] : [];
}

/** Height of a chart of horizontal bars: two lines of text for the axis, and one a bar. */
export function barsHeight(bars: number): number {
  return 50 + 21 * bars;
}
