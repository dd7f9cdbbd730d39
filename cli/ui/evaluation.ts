/**
 * The tables of an evaluation.
 *
 * @module
 */
import type {
  ChannelCounts,
  FeatureAccuracy,
  GatedChannels,
  MaskWorth,
  MeasuredCost,
} from "../../src/evaluation/mod.ts";
import type { Evaluation } from "../../src/run/evaluation_file.ts";
import { markedShare } from "./missed_budget.ts";
import { type Cell, formatTable, megaMacs, percent, share } from "./tables.ts";

/** An accuracy in percent, with its spread where several probes were made: `47.10 ± 0.31 %`. */
function spreadPercent(mean: number | undefined, deviation: number | undefined): string | undefined {
  if (mean === undefined || deviation === undefined) return percent(mean);
  return `${mean.toFixed(2)} ± ${deviation.toFixed(2)} %`;
}

/** A line of the table; references that are no networks have no cost. @param missed how far the cost is from the budget, if it missed it. */
function toRow(
  name: string,
  { knn1, knn20, linear, cost }: FeatureAccuracy & { cost?: MeasuredCost },
  missed: number | null = null,
): Cell[] {
  const probes = [
    spreadPercent(linear?.top1, linear?.std?.top1),
    spreadPercent(linear?.top5, linear?.std?.top5),
  ];
  return [name, percent(knn1), percent(knn20), ...probes, megaMacs(cost?.macs), markedShare(cost?.share, missed)];
}

/** The gated network under other masks than its own. */
function maskRows({ own, exchanged, static: fixed }: MaskWorth, hasOther: boolean): Cell[][] {
  return [
    // The gated network's own row says the same, unless its probe was another one.
    ...(hasOther ? [toRow("gated, cached probe", own)] : []),
    toRow("masks exchanged", exchanged),
    toRow("one static mask", fixed),
  ];
}

function channelRow(name: string, { channels, alwaysOpen, alwaysClosed, imageDependent }: ChannelCounts): Cell[] {
  const counted = (count: number) => `${count} (${(100 * count / channels).toFixed(0)} %)`;
  return [name, channels, counted(alwaysOpen), counted(alwaysClosed), counted(imageDependent)];
}

function formatChannels({ blocks, ...whole }: GatedChannels): string {
  return formatTable(["block", "channels", "always open", "always closed", "image-dependent", "open"], [
    ...blocks.map((block) => [...channelRow(block.name, block), share(block.open)]),
    [...channelRow("all", whole), null],
  ]);
}

/**
 * The tables for people: the networks, then what they are to be compared with; the gated network's channels.
 *
 * @param isAugmented whether the networks' probe was another one than that of exchanged masks.
 */
export function describeEvaluation(
  { networks, budgetMissed, references }: Evaluation,
  isAugmented: boolean,
): string {
  const { masks, channels } = networks.gated ?? {};
  const rows = [
    ...Object.entries(networks).map(([name, network]) => toRow(name, network, name === "gated" ? budgetMissed : null)),
    ...(masks === undefined ? [] : maskRows(masks, isAugmented)),
    ...Object.entries(references.untrained).map(([name, network]) => toRow(`untrained ${name}`, network)),
    toRow("raw pixels", references.rawPixels),
  ];
  const table = formatTable(["network", "1-NN", "20-NN", "probe top-1", "probe top-5", "MACs", "cost share"], rows);
  return channels === undefined ? table : `${table}\n\n${formatChannels(channels)}`;
}
