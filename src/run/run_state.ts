/**
 * The state of a run besides its tensors: with both, it resumes bit for bit.
 *
 * @module
 */
import { z } from "zod";
import type { ControllerState } from "../budget/mod.ts";
import type { NetworkHealth } from "../evaluation/mod.ts";
import { parseJsonObject } from "../formats/mod.ts";
import type { Pass } from "../models/mod.ts";

/**
 * The state of a run between two steps. Random numbers are a function of the seed and the step, so they need no state
 * of their own.
 */
export interface RunState {
  /** Steps done. The images and views of the next step follow from it. */
  readonly step: number;
  /** Number of training images: with another number, the same step would see other images. */
  readonly images: number;
  /** Digest of `images.tsv`; absent if the images are drawn, and in checkpoints of earlier versions. */
  readonly imageList?: string;
  /** The price of cost in the next step. It differs from the controller's, which knows the cost of one more step. */
  readonly multiplier: number;
  /** The budget's controller after all steps that are done. */
  readonly controller: ControllerState;
  /**
   * The cost share on plain images, if measured after the last step; the controller hears of it after the next step.
   * Else null.
   */
  readonly plainShare: number | null;
  /** Number of measurements on plain images. */
  readonly calibrations: number;
  /** Features of the untrained networks, for comparison. */
  readonly untrained: Readonly<Partial<Record<Pass, NetworkHealth>>>;
  /** False after the last step, as long as the gates have not been brought to the budget; else absent. */
  readonly isFitted?: false;
}

const health = z.object({
  featureStd: z.number(),
  effectiveRank: z.number(),
  covariance: z.number(),
  gates: z.array(z.object({ name: z.string(), histogram: z.array(z.number()) })).exactOptional(),
});

const schema: z.ZodType<RunState> = z.object({
  step: z.int().nonnegative(),
  images: z.int().positive(),
  imageList: z.string().exactOptional(),
  multiplier: z.number(),
  controller: z.object({
    integral: z.number(),
    offset: z.number().nullable(),
    batchShare: z.number().nullable(),
    error: z.number(),
    steps: z.int().nonnegative(),
  }),
  plainShare: z.number().nullable(),
  calibrations: z.int().nonnegative(),
  untrained: z.object({ dense: health.exactOptional(), gated: health.exactOptional() }),
  isFitted: z.literal(false).exactOptional(),
});

/** A state as text. Equal states give equal texts, because the schema fixes the order of keys. */
export function formatRunState(state: RunState): string {
  return JSON.stringify(schema.parse(state));
}

/** Parses a text of {@linkcode formatRunState}; null if the text is damaged. */
export function parseRunState(text: string): RunState | null {
  return schema.safeParse(parseJsonObject(text)).data ?? null;
}
