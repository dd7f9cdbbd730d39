/**
 * The figures of a report in the order of the page.
 *
 * @module
 */
import { configurationsOf, outcomesOf } from "../outcomes.ts";
import type { ReportData } from "../report_data.ts";
import { accuracyFigure } from "./accuracy.ts";
import { blockCostsFigure } from "./block_costs.ts";
import { channelsFigure } from "./channels.ts";
import { lossFigure, neighboursFigure } from "./curves.ts";
import type { Figure } from "./figure.ts";
import { targetsFigure } from "./targets.ts";

export type { Figure, LegendEntry, Panel } from "./figure.ts";

/** All figures, including those without a chart. */
export function figuresOf(data: ReportData): Figure[] {
  const configurations = configurationsOf(data);
  const outcomes = outcomesOf(configurations);
  return [
    accuracyFigure(data, outcomes),
    targetsFigure(outcomes),
    lossFigure(data.runs),
    neighboursFigure(data.runs),
    blockCostsFigure(configurations),
    channelsFigure(configurations),
  ];
}
