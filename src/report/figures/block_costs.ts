/**
 * The figure of the cost of the stem and of every block, dense and gated.
 *
 * @module
 */
import * as Plot from "@observablehq/plot";
import { colour } from "../colours.ts";
import type { Pass } from "../../models/mod.ts";
import { type Configuration, evaluationsOf } from "../outcomes.ts";
import { drawChart, TICKS, verticalGrid } from "./chart.ts";
import { barEntry, type Figure, missingFigure, type Panel } from "./figure.ts";
import { barsHeight, chosenConfigurations, describeChoice, describeMeans } from "./small_multiples.ts";

const name = "block-costs";
const title = "Cost per block";

/** The cost of one part of a network. */
interface Bar {
  readonly part: string;
  readonly megaMacs: number;
  readonly title: string;
}

/** The parts of a network, mean over the seeds; none if no evaluation has the cost of parts. */
function barsOf(configuration: Configuration, network: Pass): Bar[] {
  const found = evaluationsOf(configuration, network).filter(({ parts }) => parts.length > 0);
  return (found[0]?.parts ?? []).map(({ name: part }, index) => {
    const macs = found.reduce((sum, { parts }) => sum + (parts[index]?.macs ?? 0), 0);
    const megaMacs = macs / found.length / 1e6;
    return { part, megaMacs, title: `${part}, ${network}: ${megaMacs.toPrecision(3)} M MACs` };
  });
}

/** The bars of a configuration's networks. */
interface Costs {
  readonly configuration: Configuration;
  readonly dense: readonly Bar[];
  readonly gated: readonly Bar[];
}

/** @param largest largest cost of a part in all charts, which gives them a common scale. */
function panelOf({ configuration, dense, gated }: Costs, largest: number, isOnly: boolean): Panel {
  const parts = (dense.length > 0 ? dense : gated).map(({ part }) => part);
  const total = (bars: readonly Bar[]) => bars.reduce((sum, { megaMacs }) => sum + megaMacs, 0).toPrecision(3);
  const words = [
    ...(dense.length > 0 ? [`dense ${total(dense)}`] : []),
    ...(gated.length > 0 ? [`gated ${total(gated)}`] : []),
  ];
  const place = { y: "part", x: "megaMacs", title: "title" };
  const outline = { fill: colour("dense"), fillOpacity: 0.15, stroke: colour("dense"), strokeWidth: 1.25 };
  const description = `${title}, ${configuration.label}: ${words.join(", ")} million MACs in all.`;
  return {
    title: isOnly ? null : configuration.label,
    draw: (width) =>
      drawChart(description, { width, height: barsHeight(parts.length) }, {
        marginLeft: 62,
        marginRight: 14,
        marginTop: 6,
        marginBottom: 40,
        x: { domain: [0, largest], label: "millions of MACs", labelAnchor: "right", ticks: TICKS },
        y: { domain: parts, label: null, tickSize: 0 },
        marks: [
          verticalGrid(),
          Plot.barX(dense, { ...place, ...outline, insetTop: 1.5, insetBottom: 1.5 }),
          Plot.barX(gated, { ...place, fill: colour("gated"), insetTop: 4.5, insetBottom: 4.5 }),
        ],
      }),
  };
}

/** Draws the networks whose evaluations have the cost of parts, with one chart for each configuration. */
export function blockCostsFigure(configurations: readonly Configuration[]): Figure {
  const costs = configurations.map((configuration) => ({
    configuration,
    dense: barsOf(configuration, "dense"),
    gated: barsOf(configuration, "gated"),
  }));
  const all = costs.filter(({ dense, gated }) => dense.length + gated.length > 0);
  const evaluated = configurations.filter(({ runs }) => runs.some(({ evaluation }) => evaluation !== null)).length;
  const omitted = evaluated - all.length;
  if (all.length === 0) {
    const reason = evaluated === 0
      ? "No run has been evaluated yet."
      : "An earlier version made these evaluations without the cost of each block; sluice evaluate RUN adds it.";
    return missingFigure(name, title, reason);
  }
  const names = chosenConfigurations(all.map(({ configuration }) => configuration));
  const chosen = names.flatMap((name) => all.filter(({ configuration }) => configuration === name));
  const largest = Math.max(
    ...chosen.flatMap(({ dense, gated }) => [...dense, ...gated].map(({ megaMacs }) => megaMacs)),
  );
  const drawn = (network: "dense" | "gated") => chosen.some((costs) => costs[network].length > 0);
  return {
    name,
    title,
    caption: [
      "Multiply-accumulates of each part per image, including gates, mean over the evaluation images.",
      ...describeMeans(names),
      ...describeChoice(all.length, chosen.length),
      ...(omitted > 0
        ? [
          omitted === 1
            ? "1 configuration is left out: an earlier version evaluated it without the cost of each block."
            : `${omitted} configurations are left out: an earlier version evaluated them without the cost of each block.`,
        ]
        : []),
    ],
    legend: [
      ...(drawn("dense") ? [barEntry("dense", "dense", true)] : []),
      ...(drawn("gated") ? [barEntry("gated", "gated")] : []),
    ],
    panels: chosen.map((costs) => panelOf(costs, largest, chosen.length === 1)),
  };
}
