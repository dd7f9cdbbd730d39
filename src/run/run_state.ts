/**
 * What a run has to know besides its tensors to go on as if it had never stopped.
 *
 * @module
 */
import { z } from "zod";
import type { ControllerState } from "../budget/mod.ts";
import type { NetworkHealth } from "../evaluation/mod.ts";
import { parseJsonObject } from "../formats/mod.ts";
import type { Pass } from "../models/mod.ts";

/** Where a run is, between two steps. What is random is a function of the seed and of this, and needs no record of its own. */
export interface RunState {
  /** Steps done; images and views of the next one follow from it. */
  readonly step: number;
  /** Images that it trains on: with another number of them a step is another place in the data. */
  readonly images: number;
  /** Digest of the list of the run's images, `images.tsv`; absent if they are drawn, and in checkpoints of earlier versions. */
  readonly imageList?: string;
  /** The price of cost in the next step: a step's own cost is known one step late, so it does not follow from the controller. */
  readonly multiplier: number;
  /** The budget's controller, told of all steps that are done. */
  readonly controller: ControllerState;
  /** What plain images cost, where it was asked for after the last step: the controller is told after the next one. */
  readonly plainShare: number | null;
  /** How often that was asked. */
  readonly calibrations: number;
  /** The networks before the first step, which those that are trained are compared with. */
  readonly untrained: Readonly<Partial<Record<Pass, NetworkHealth>>>;
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
});

/** A state as text: equal states give equal texts, whatever the order in which they were put together. */
export function formatRunState(state: RunState): string {
  return JSON.stringify(schema.parse(state));
}

/** The state that {@linkcode formatRunState} wrote, or null where a text holds none. */
export function parseRunState(text: string): RunState | null {
  return schema.safeParse(parseJsonObject(text)).data ?? null;
}
