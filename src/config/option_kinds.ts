/**
 * Builds rows of the table of options, one function for each kind of value.
 *
 * @module
 */
import { z } from "zod";
import type { OptionSchema, RunOption } from "./run_option.ts";

/** Columns of the longest placeholder: a longer one leaves no room for the help beside it. */
const LONGEST_PLACEHOLDER = 32;

/** The fields of a row that the functions below take from their caller. */
type Details<T> = Pick<RunOption<T>, "group" | "help" | "default" | "defaultText" | "earlier">;

/** An option that takes one of a few words. */
export function choice<const Word extends string>(words: readonly Word[], details: Details<Word>): RunOption<Word> {
  const list = words.join("|");
  const rule = words.join(" or ");
  const common = { kind: "text", words, rule, schema: z.enum(words), ...details } as const;
  if (list.length <= LONGEST_PLACEHOLDER) return { ...common, placeholder: list };
  return { ...common, placeholder: "NAME", help: `${details.help}: ${words.join(", ")}` };
}

/** An option that takes a whole number from `smallest` to `largest`. */
export function count(
  smallest: number,
  details: Details<number>,
  largest = Number.MAX_SAFE_INTEGER,
): RunOption<number> {
  const schema = z.number().int().min(smallest).max(largest);
  const rule = `a whole number from ${smallest} to ${largest}`;
  return { kind: "number", placeholder: "N", rule, schema, ...details };
}

/** An option that takes a whole number from 1 on, or null for no limit. */
export function limit(details: Omit<Details<number | null>, "default" | "earlier">): RunOption<number | null> {
  return {
    ...count(1, { ...details, default: 1 }),
    schema: z.number().int().min(1).max(Number.MAX_SAFE_INTEGER).nullable(),
    default: null,
  };
}

/** An option that takes a number; the schema sets the range, and the rule states it in words. */
export function number(rule: string, schema: OptionSchema<number>, details: Details<number>): RunOption<number> {
  return { kind: "number", placeholder: "X", rule, schema, ...details };
}

/** An option that takes a number from `smallest` to `largest`. */
export function between(smallest: number, largest: number, details: Details<number>): RunOption<number> {
  return number(`a number from ${smallest} to ${largest}`, z.number().min(smallest).max(largest), details);
}

/** An option that takes a number from `smallest` to `largest`, or null. */
export function betweenOrNull(
  smallest: number,
  largest: number,
  details: Details<number | null>,
): RunOption<number | null> {
  const rule = `a number from ${smallest} to ${largest}`;
  const schema = z.number().min(smallest).max(largest).nullable();
  return { kind: "number", placeholder: "X", rule, schema, ...details };
}

/** Largest batch, projector width and the like: more than any machine has memory for. */
export const LARGEST_COUNT = 65_536;
/** The range that 32-bit floats hold at full precision, rounded inwards. */
export const [SMALLEST_FLOAT, LARGEST_FLOAT] = [1e-37, 1e38];
/** Limits of temperatures and of a bias' absolute value: beyond them every gate is always open or always closed. */
export const [COLDEST, EXTREME] = [1e-6, 1e6];

/** An option that is on or off. Its help describes the flag that `--help` lists: `--no-` if the default is on. */
export function onOff(details: Details<boolean>): RunOption<boolean> {
  return { kind: "switch", placeholder: "", rule: "true or false", schema: z.boolean(), ...details };
}
