/**
 * Validates a spec, except for the options of its runs.
 *
 * @module
 */
import { z } from "zod";
import { probes, protocols } from "../evaluation/mod.ts";
import { precisions } from "../tensor/mod.ts";
import { kubernetesSchema, slurmSchema } from "./request_schemas.ts";

/** A value of an option; the plan checks it against the table of options. */
export const scalarSchema = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const options = z.record(z.string(), scalarSchema);
const seed = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const protocolList = z.array(z.enum(protocols)).min(1);

/** The section `evaluate`: options of `sluice evaluate`. */
export const judgingSchema = z.strictObject({
  "protocol": protocolList.default(["knn", "linear"]),
  "probe": z.enum(probes).default("cached"),
  "probe-seeds": z.number().int().min(1).max(1000).default(1),
  "precision": z.enum(precisions).default("f32"),
});

/** The whole spec. `evaluate` may be a list of protocols alone. */
export const specSchema = z.strictObject({
  base: options.default({}),
  grid: z.record(z.string(), z.array(scalarSchema).min(1)).optional(),
  runs: z.array(options).min(1).optional(),
  seeds: z.array(seed).min(1).default([0]),
  evaluate: z.union([protocolList.transform((protocol) => judgingSchema.parse({ protocol })), judgingSchema])
    .default(judgingSchema.parse({})),
  retries: z.number().int().min(0).max(100).default(0),
  slurm: slurmSchema.optional(),
  kubernetes: kubernetesSchema.optional(),
});

/** The known keys of a section, to suggest the nearest for a misspelt key. */
export function knownKeysAt([top]: readonly (string | number)[]): readonly string[] {
  if (top === undefined) return Object.keys(specSchema.shape);
  if (top === "slurm") return Object.keys(slurmSchema.shape);
  if (top === "kubernetes") return Object.keys(kubernetesSchema.shape);
  return top === "evaluate" ? Object.keys(judgingSchema.shape) : [];
}
