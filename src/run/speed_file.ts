/**
 * Reads a run's `speed.json`, and refuses a damaged one. Times are no part of `evaluation.json`, whose numbers repeat.
 *
 * @module
 */
import { z } from "zod";
import { InvalidInputError } from "../errors.ts";
import { parseJsonObject } from "../formats/mod.ts";
import type { NetworkSpeed } from "../evaluation/mod.ts";
import { networkNames } from "../models/network_names.ts";
import { type Precision, precisions } from "../tensor/mod.ts";

/** How long the networks of a run took in its last evaluation. */
export interface RunSpeed {
  /** Steps of the checkpoint that was evaluated. */
  readonly step: number;
  /** Name of the device. */
  readonly device: string;
  /** CPU threads. */
  readonly threads: number;
  /** The precision of the networks' passes. */
  readonly precision: Precision;
  /** The networks that were evaluated. */
  readonly networks: readonly NetworkSpeed[];
}

/**
 * Times with those of networks that they leave out, from an earlier evaluation of the same step, device and settings.
 */
export function mergedSpeed(earlier: RunSpeed | null, later: RunSpeed): RunSpeed {
  const isSame = earlier?.step === later.step && describeTiming(earlier) === describeTiming(later);
  if (earlier === null || !isSame) return later;
  const others = earlier.networks.filter(({ network }) => later.networks.every((own) => own.network !== network));
  return { ...later, networks: [...others, ...later.networks] };
}

/** The device and the settings of the times; only times of equal settings compare. */
export function describeTiming({ device, threads, precision, networks }: RunSpeed): string {
  return `${device}, ${threads} threads, ${precision}, batch ${networks[0]?.batch}`;
}

const count = z.number().int().min(1);
const milliseconds = z.number().positive();
const speed = z.object({
  step: z.number().int().min(0),
  device: z.string(),
  threads: count,
  precision: z.enum(precisions),
  networks: z.array(z.object({
    batch: count,
    network: z.enum(networkNames),
    milliseconds,
    spread: z.number().min(0),
    imageMilliseconds: milliseconds,
    macShare: z.number().min(0),
  })).min(1),
});

/** The remedy for a damaged file, as the end of a message. */
export const remedyOfSpeed = "remove the file and run sluice evaluate again";

/**
 * Parses a `speed.json`.
 *
 * @param path path of the file, for messages.
 * @throws {InvalidInputError} if the document is damaged; the message names the file and the first place that is wrong.
 */
export function parseSpeed(path: string, text: string): RunSpeed {
  const { success, data, error } = speed.safeParse(parseJsonObject(text) ?? {});
  if (success) return data;
  const place = error.issues[0]?.path.join(".") ?? "";
  throw new InvalidInputError(`${path}: is damaged: ${place} is missing or wrong; ${remedyOfSpeed}`);
}
