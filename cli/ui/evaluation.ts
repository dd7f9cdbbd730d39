/**
 * Formats the result of `sluice evaluate` as tables.
 *
 * @module
 */
import type {
  ChannelCounts,
  FeatureAccuracy,
  GatedChannels,
  JudgedMasks,
  MaskWorth,
  MeasuredCost,
} from "../../src/evaluation/mod.ts";
import { staticWayNames, staticWays } from "../../src/evaluation/protocols.ts";
import { dataLabel, type EvaluatedData, shortDigest } from "../../src/run/evaluated_data.ts";
import type { Evaluation } from "../../src/run/evaluation_file.ts";
import { describeTiming, type RunSpeed } from "../../src/run/speed_file.ts";
import { markedShare } from "./missed_budget.ts";
import { type Cell, formatTable, grouped, megaMacs, percent, share, signed } from "./tables.ts";
import { formatUnlabelled, isUnlabelled } from "./unlabelled_evaluation.ts";

/** Name of the row that repeats the row above with recalibrated norms. */
const RECALIBRATED = "  recalibrated";

/** An accuracy in percent, with its standard deviation if several probes were trained: `47.10 ± 0.31 %`. */
function spreadPercent(mean: number | undefined, deviation: number | undefined): string | undefined {
  if (mean === undefined || deviation === undefined) return percent(mean);
  return `${mean.toFixed(2)} ± ${deviation.toFixed(2)} %`;
}

/**
 * A row of the table. A reference without a network, such as raw pixels, has no cost.
 *
 * @param missed cost minus budget if the budget was missed, else null.
 */
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

/** The gated network under its own masks, under those of other images, and under masks that need no gates. */
function maskRows(worth: MaskWorth, isAugmented: boolean): Cell[][] {
  const { own, ownRecalibrated, exchanged, openRecalibrated, statics, oracle } = worth;
  const rowOf = (name: string, judged: JudgedMasks | undefined) => judged === undefined ? [] : [toRow(name, judged)];
  return [
    // The row of the gated network says the same unless that row used the augmented probe.
    ...(isAugmented ? [toRow("gated, cached probe", own)] : []),
    ...rowOf(RECALIBRATED, ownRecalibrated),
    toRow("masks exchanged", exchanged),
    ...rowOf("all open, recalibrated", openRecalibrated),
    ...staticWays.flatMap((way) => [
      ...rowOf(`static: ${staticWayNames[way]}`, statics?.[way].asIs),
      ...rowOf(RECALIBRATED, statics?.[way].recalibrated),
    ]),
    ...rowOf("oracle, recalibrated", oracle),
  ];
}

/** What the rows of the masks mean, and how much the masks vary. */
function maskNotes(rho: number): string {
  return [
    "recalibrated: statistics of the gated norms are estimated again under the row's masks",
    "static: one mask for all images, at the cost of the gates' masks",
    "oracle: each image opens the channels of the largest score; compare with score per MAC",
    `rho ${rho.toFixed(4)}: 0 if all images have one mask, 1 if masks vary as much as their cost allows`,
  ].join("\n");
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

/** Says which other images an evaluation is about. */
function describeData(data: EvaluatedData): string {
  const counts = Object.entries(data.images).map(([split, count]) => `${grouped(count)} ${split}`).join(", ");
  return `on other images: ${dataLabel(data)}, ${counts}, digest ${shortDigest(data)}`;
}

/** The times of the networks beside their cost. */
function formatSpeed(speed: RunSpeed, networks: Evaluation["networks"]): string {
  const dense = speed.networks.find(({ network }) => network === "dense")?.imageMilliseconds;
  const table = formatTable(["network", "cost share", "ms an image", "share of time"], [
    ...speed.networks.map(({ network, imageMilliseconds: own }) => {
      const time = dense === undefined ? undefined : share(own / dense);
      return [network, share(networks[network]?.cost.share ?? NaN), own.toFixed(2), time];
    }),
  ]);
  return `${table}\nmeasured briefly on ${describeTiming(speed)}; sluice bench infer RUN measures longer`;
}

/**
 * The tables of an evaluation: the networks, the references to compare them with, then the gated network's channels.
 *
 * @param isAugmented whether the networks' probe was trained on augmented images; the rows of the masks always use the
 * cached probe.
 * @param speed the times of the networks; null if they were not timed.
 * @param data the images, if they are not the run's own.
 */
export function describeEvaluation(
  evaluation: Evaluation,
  isAugmented: boolean,
  speed: RunSpeed | null = null,
  data: EvaluatedData | null = null,
): string {
  const { networks, budgets = [], precision = "f32", budgetMissed, references } = evaluation;
  const { masks, channels, opening = 0 } = networks.gated ?? {};
  const rows = [
    ...Object.entries(networks).map(([name, network]) => toRow(name, network, name === "gated" ? budgetMissed : null)),
    ...(masks === undefined ? [] : maskRows(masks, isAugmented)),
    ...budgets.map((judged) => toRow(`gated at ${judged.budget}`, judged)),
    ...Object.entries(references.untrained).map(([name, network]) => toRow(`untrained ${name}`, network)),
    toRow("raw pixels", references.rawPixels),
  ];
  const headings = ["network", "1-NN", "20-NN", "probe top-1", "probe top-5", "MACs", "cost share"];
  return [
    ...(data === null ? [] : [describeData(data)]),
    isUnlabelled(evaluation) ? formatUnlabelled(evaluation) : formatTable(headings, rows),
    ...(speed === null ? [] : [formatSpeed(speed, networks)]),
    ...(precision === "f32" ? [] : [`networks computed in ${precision}; raw pixels, neighbours and probes in f32`]),
    ...(opening === 0 ? [] : [`${signed(opening)} is added to the logits of all gates`]),
    ...(masks?.rho === undefined ? [] : [maskNotes(masks.rho)]),
    ...(channels === undefined ? [] : [formatChannels(channels)]),
  ].join("\n\n");
}
