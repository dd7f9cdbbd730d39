/**
 * What the table of a run's options says of each.
 *
 * @module
 */
import type { RunConfig } from "./run_config.ts";

/** How an option's text is read: as it is, as a number, or as a flag without a value. */
export type OptionKind = "text" | "number" | "switch";

/** What an option of a run is about. */
export type OptionGroup = "data" | "network" | "objective" | "budget" | "training" | "evaluation" | "device";

/** Judges a value of unknown type. */
export interface OptionSchema<T> {
  /** The value with its type, or that it is none. */
  safeParse(value: unknown): { readonly success: true; readonly data: T } | { readonly success: false };
}

/** One row of the table: how an option is read, checked, defaulted and explained. */
export interface RunOption<T> {
  /** How its text is read. */
  readonly kind: OptionKind;
  /** What stands for its value in `--help`. */
  readonly placeholder: string;
  /** What it is about: options are listed by group. */
  readonly group: OptionGroup;
  /** Words that its value may be, where it has such: what shells offer. */
  readonly words?: readonly string[];
  /** One line for `--help`; of a switch that is on by default, what its `--no-` flag does. */
  readonly help: string;
  /** What a valid value is, as the end of a sentence that begins with "give". */
  readonly rule: string;
  /** Accepts valid values. */
  readonly schema: OptionSchema<T>;
  /** Value if nothing else names one; a function if it follows from other options. */
  readonly default: T | ((config: Readonly<Partial<RunConfig>>) => T);
  /**
   * The value that reproduces versions in which the option did not exist, or had another default. A stored configuration
   * that lacks the option takes it, whatever the default is today; the default if left out.
   */
  readonly earlier?: T | ((config: Readonly<Partial<RunConfig>>) => T);
  /** Whether `--help` leaves it out, because it only repeats earlier runs. */
  readonly hidden?: boolean;
  /** How a computed default is described in `--help`. */
  readonly defaultText?: string;
}
