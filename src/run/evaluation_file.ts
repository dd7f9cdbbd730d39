/**
 * Reads a run's `evaluation.json` and its evaluations on other images, and refuses damaged ones.
 *
 * @module
 */
import { z } from "zod";
import { InvalidInputError } from "../errors.ts";
import { parseJsonObject } from "../formats/mod.ts";
import type { FeatureAccuracy, NetworkEvaluation } from "../evaluation/mod.ts";
import { staticWays } from "../evaluation/protocols.ts";
import { type Precision, precisions } from "../tensor/mod.ts";
import type { NetworkName } from "../models/mod.ts";
import type { EvaluatedData } from "./evaluated_data.ts";

/** The gated network of a run of many budgets at one of them. */
export interface BudgetEvaluation extends NetworkEvaluation {
  /** The cost that was asked for, as a share of the dense network's. */
  readonly budget: number;
}

/** The document that `sluice evaluate --json` prints. */
export interface Evaluation {
  /** The run's folder. */
  readonly run: string;
  /** Steps of the checkpoint that was evaluated; absent in files of earlier versions. */
  readonly step?: number;
  /** The precision of the networks' passes; absent in files of earlier versions, which is f32. */
  readonly precision?: Precision;
  /** The trained networks, and the slim network. */
  readonly networks: Readonly<Partial<Record<NetworkName, NetworkEvaluation>>>;
  /** The gated network at several costs, of a run that serves many. */
  readonly budgets?: readonly BudgetEvaluation[];
  /** The gated network's cost share minus the budget, if all steps are done and that is over one point; else null. */
  readonly budgetMissed: number | null;
  /** References that an accuracy must exceed to mean anything. */
  readonly references: {
    readonly rawPixels: FeatureAccuracy;
    readonly untrained: Readonly<Partial<Record<NetworkName, NetworkEvaluation>>>;
  };
}

/**
 * An evaluation with the networks that it left out and an earlier one judged, if both are of the same step and
 * precision. What both have is as the later one has it.
 */
export function mergedEvaluation(earlier: Evaluation | null, later: Evaluation): Evaluation {
  if (earlier === null || earlier.step !== later.step || earlier.precision !== later.precision) return later;
  const { networks, budgets = [], references: { rawPixels, untrained } } = earlier;
  const own = later.budgets ?? [];
  const others = budgets.filter(({ budget }) => !own.some((judged) => judged.budget === budget));
  const all = [...others, ...own].sort((a, b) => a.budget - b.budget);
  return {
    ...later,
    ...(all.length > 0 && { budgets: all }),
    networks: { ...networks, ...later.networks },
    budgetMissed: later.networks.gated === undefined ? earlier.budgetMissed : later.budgetMissed,
    references: {
      rawPixels: { ...rawPixels, ...later.references.rawPixels },
      untrained: { ...untrained, ...later.references.untrained },
    },
  };
}

const percent = z.number().min(0).max(100);
const share = z.number().min(0).max(1);
const count = z.number().int().min(0);

const probeAccuracy = z.object({ top1: percent, top5: percent });
const featureAccuracy = z.object({
  knn1: percent.exactOptional(),
  knn20: percent.exactOptional(),
  linear: probeAccuracy.extend({ std: probeAccuracy.nullable(), seeds: count }).exactOptional(),
});
// The gates have a cost of their own, so a share may exceed 1.
const cost = z.object({ macs: z.number().min(0), share: z.number().min(0) });
const judgedMasks = featureAccuracy.extend({ cost });
const staticWorth = z.object({ asIs: judgedMasks, recalibrated: judgedMasks });
const channelCounts = z.object({
  channels: count,
  alwaysOpen: count,
  alwaysClosed: count,
  imageDependent: count,
  shares: z.object({ alwaysOpen: share, alwaysClosed: share, imageDependent: share }),
});
const network = featureAccuracy.extend({
  cost,
  // Absent in files of earlier versions.
  parts: z.array(z.object({ name: z.string(), macs: z.number().min(0) })).default([]),
  opening: z.number().exactOptional(),
  effectiveRank: z.number().min(0).exactOptional(),
  kept: z.array(z.object({ name: z.string(), channels: count, kept: count })).exactOptional(),
  channels: channelCounts.extend({
    blocks: z.array(channelCounts.extend({ name: z.string(), open: share })),
  }).exactOptional(),
  masks: z.object({
    own: featureAccuracy,
    exchanged: featureAccuracy.extend({ cost: cost.exactOptional() }),
    static: judgedMasks,
    // Absent in files of earlier versions.
    ownRecalibrated: judgedMasks.exactOptional(),
    openRecalibrated: judgedMasks.exactOptional(),
    staticWay: z.enum(staticWays).exactOptional(),
    statics: z.record(z.enum(staticWays), staticWorth).exactOptional(),
    oracle: judgedMasks.exactOptional(),
    rho: share.exactOptional(),
  }).exactOptional(),
});
const networks = z.object({
  dense: network.exactOptional(),
  gated: network.exactOptional(),
  slim: network.exactOptional(),
});
const evaluation = z.object({
  run: z.string(),
  // Absent in files of earlier versions.
  step: count.exactOptional(),
  precision: z.enum(precisions).exactOptional(),
  networks,
  budgets: z.array(network.extend({ budget: share })).exactOptional(),
  references: z.object({ rawPixels: featureAccuracy, untrained: networks }),
});

const otherEvaluation = evaluation.extend({
  data: z.object({
    dataset: z.string(),
    folder: z.string().nullable(),
    digest: z.string().regex(/^[0-9a-f]{64}$/),
    images: z.record(z.string(), count),
  }),
});

/** The remedy for a damaged file, as the end of a message. */
export const remedyOfEvaluation = "remove the file and run sluice evaluate again";

/** The content of an `evaluation.json`. Whether the budget is missed also depends on the run's configuration. */
export type StoredEvaluation = Omit<Evaluation, "budgetMissed">;

/** An evaluation on images that are not the run's own. */
export interface OtherEvaluation extends Evaluation {
  /** The images. */
  readonly data: EvaluatedData;
}

/** Marks an evaluation as one on other images. A budget holds on the run's own images, so none is missed. */
export function onOtherImages(evaluation: Evaluation, data: EvaluatedData): OtherEvaluation {
  return { ...evaluation, budgetMissed: null, data };
}

/**
 * Parses an `evaluation.json`.
 *
 * @param path path of the file, for messages.
 * @returns `parts` is empty if an earlier version wrote the file.
 * @throws {InvalidInputError} if the document is damaged; the message names the file and the first place that is wrong.
 */
export function parseEvaluation(path: string, text: string): StoredEvaluation {
  return parse(evaluation, path, text);
}

/** Parses an evaluation on other images, as {@linkcode parseEvaluation} does. */
export function parseOtherEvaluation(path: string, text: string): OtherEvaluation {
  const { data, ...evaluation } = parse(otherEvaluation, path, text);
  return onOtherImages({ ...evaluation, budgetMissed: null }, data);
}

function parse<T>(schema: z.ZodType<T>, path: string, text: string): T {
  const document = parseJsonObject(text);
  if (document === null) {
    throw new InvalidInputError(`${path}: is damaged: it holds no JSON object; ${remedyOfEvaluation}`);
  }
  const { success, data, error } = schema.safeParse(document);
  if (success) return data;
  const place = error.issues[0]?.path.join(".") ?? "";
  throw new InvalidInputError(`${path}: is damaged: ${place} is missing or wrong; ${remedyOfEvaluation}`);
}
