/**
 * One row of the table of a run's options.
 *
 * @module
 */
import type { RunConfig } from "./run_config.ts";

/** How the command line reads an option: as text, as a number, or as a flag without a value. */
export type OptionKind = "text" | "number" | "switch";

/** The subject of an option: `--help` groups options by it. */
export type OptionGroup = "data" | "network" | "objective" | "budget" | "training" | "evaluation" | "device";

/** Checks a value of unknown type. */
export interface OptionSchema<T> {
  /** Returns the typed value, or that it is invalid. */
  safeParse(value: unknown): { readonly success: true; readonly data: T } | { readonly success: false };
}

/** How an option is read and checked, its default, and its help. */
export interface RunOption<T> {
  /** How the command line reads it. */
  readonly kind: OptionKind;
  /** The placeholder for its value in `--help`. */
  readonly placeholder: string;
  /** Its subject. */
  readonly group: OptionGroup;
  /** The words that it accepts, if it accepts words; shells complete them. */
  readonly words?: readonly string[];
  /** One line for `--help`. For a switch that is on by default it says what the `--no-` flag does. */
  readonly help: string;
  /** What is valid, as the end of a sentence that begins with "give". */
  readonly rule: string;
  /** Accepts valid values. */
  readonly schema: OptionSchema<T>;
  /** Default value; a function if it depends on other options. */
  readonly default: T | ((config: Readonly<Partial<RunConfig>>) => T);
  /**
   * The value that reproduces versions without the option, or with another default. A stored configuration that lacks
   * the option takes this value. Defaults to `default`.
   */
  readonly earlier?: T | ((config: Readonly<Partial<RunConfig>>) => T);
  /** Whether `--help` leaves it out, because it only serves to repeat earlier runs. */
  readonly hidden?: boolean;
  /** Description of a computed default for `--help`. */
  readonly defaultText?: string;
}
