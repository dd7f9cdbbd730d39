/**
 * Reads a run's `speed.json`, and refuses a damaged one. Times are no part of `evaluation.json`, whose numbers repeat.
 *
 * @module
 */
import { z } from "zod";
import { InvalidInputError } from "../errors.ts";
import { parseJsonObject } from "../formats/mod.ts";
import type { NetworkSpeed } from "../evaluation/mod.ts";
import { type Precision, precisions } from "../tensor/mod.ts";

/** How long the networks of a run took in its last evaluation. */
export interface RunSpeed {
  /** Name of the device. */
  readonly device: string;
  /** CPU threads. */
  readonly threads: number;
  /** The precision of the networks' passes. */
  readonly precision: Precision;
  /** The networks that were evaluated. */
  readonly networks: readonly NetworkSpeed[];
}

/** On what the times were measured: they compare only there. */
export function describeTiming({ device, threads, precision, networks }: RunSpeed): string {
  return `${device}, ${threads} threads, ${precision}, batch ${networks[0]?.batch}`;
}

const number = z.number().min(0);
const speed = z.object({
  device: z.string(),
  threads: number.int(),
  precision: z.enum(precisions),
  networks: z.array(z.object({
    batch: number.int(),
    network: z.enum(["dense", "gated"]),
    milliseconds: number,
    spread: number,
    imageMilliseconds: number,
    macShare: number,
  })),
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
