/**
 * The figure of the gates' decisions by block: the shares of channels open for every image, for some, or for none.
 *
 * @module
 */
import * as Plot from "@observablehq/plot";
import { colour, type ColourName } from "../colours.ts";
import type { ChannelCounts } from "../../evaluation/mod.ts";
import { type Configuration, evaluationsOf } from "../outcomes.ts";
import { drawChart, TICKS, verticalGrid } from "./chart.ts";
import { barEntry, type Figure, missingFigure, type Panel } from "./figure.ts";
import { barsHeight, chosenConfigurations, describeChoice, describeMeans } from "./small_multiples.ts";

const name = "channels";
const title = "Channels by gate decision";

/** The kinds of channels from left to right. */
const kinds: readonly {
  readonly name: string;
  readonly key: keyof ChannelCounts["shares"];
  readonly fill: ColourName;
}[] = [
  { name: "always open", key: "alwaysOpen", fill: "open" },
  { name: "image-dependent", key: "imageDependent", fill: "dependent" },
  { name: "always closed", key: "alwaysClosed", fill: "closed" },
];

/** A part of a block's bar, in percent of its channels. */
interface Segment {
  readonly block: string;
  readonly kind: ColourName;
  readonly from: number;
  readonly to: number;
  readonly title: string;
}

/** The bars of a configuration, mean over the seeds; none without an evaluated gated network. */
function segmentsOf(configuration: Configuration): Segment[] {
  const found = evaluationsOf(configuration, "gated").map(({ channels }) => channels).filter((counts) =>
    counts !== undefined
  );
  return (found[0]?.blocks ?? []).flatMap(({ name: block, channels }, index) => {
    let from = 0;
    return kinds.map(({ name, key, fill }) => {
      const sum = found.reduce((total, { blocks }) => total + (blocks[index]?.shares[key] ?? 0), 0);
      const [begin, share] = [from, 100 * sum / found.length];
      from += share;
      return {
        block,
        kind: fill,
        from: begin,
        to: from,
        title: `${block}: ${share.toFixed(1)} % of ${channels} channels ${name}`,
      };
    });
  });
}

function panelOf({ label }: Configuration, segments: readonly Segment[], isOnly: boolean): Panel {
  const blocks = [...new Set(segments.map(({ block }) => block))];
  const marks = kinds.map(({ fill }) => {
    const own = segments.filter(({ kind, from, to }) => kind === fill && to > from);
    const place = { y: "block", x1: "from", x2: "to", insetLeft: 0.5, insetRight: 0.5, insetTop: 2, insetBottom: 2 };
    return Plot.barX(own, { ...place, fill: colour(fill), title: "title" });
  });
  const description = `${title}, ${label}: ${
    kinds.map(({ name, fill }) => {
      const own = segments.filter(({ kind }) => kind === fill);
      const mean = own.reduce((sum, { from, to }) => sum + to - from, 0) / Math.max(1, own.length);
      return `${name} ${mean.toFixed(0)} %`;
    }).join(", ")
  }, mean over blocks.`;
  return {
    title: isOnly ? null : label,
    draw: (width) =>
      drawChart(description, { width, height: barsHeight(blocks.length) }, {
        marginLeft: 62,
        marginRight: 14,
        marginTop: 6,
        marginBottom: 40,
        x: { domain: [0, 100], label: "channels, %", labelAnchor: "right", ticks: TICKS },
        y: { domain: blocks, label: null, tickSize: 0 },
        marks: [verticalGrid(), ...marks],
      }),
  };
}

/** Draws the evaluated gated networks, with one chart for each configuration. */
export function channelsFigure(configurations: readonly Configuration[]): Figure {
  const all = configurations.filter((configuration) => segmentsOf(configuration).length > 0);
  if (all.length === 0) return missingFigure(name, title, "No gated network has been evaluated yet.");
  const chosen = chosenConfigurations(all);
  return {
    name,
    title,
    caption: [
      "Shares of each block's channels over the evaluation images, from left to right: open for every image, open for some " +
      "images, closed for every image.",
      ...describeMeans(chosen),
      ...describeChoice(all.length, chosen.length),
    ],
    legend: kinds.map(({ name, fill }) => barEntry(name, fill)),
    panels: chosen.map((configuration) => panelOf(configuration, segmentsOf(configuration), chosen.length === 1)),
  };
}
