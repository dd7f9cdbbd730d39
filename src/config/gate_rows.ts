/**
 * The rows of the table of options that concern gates alone.
 *
 * @module
 */
import { z } from "zod";
import { GATE_REDUCTION } from "../models/spec.ts";
import { between, betweenOrNull, COLDEST, count, EXTREME, LARGEST_COUNT, onOff } from "./option_kinds.ts";
import { copiesUsually, GENTLE_NOISE, isGentle, OPENING, usualRamp, usualWarmup } from "./recipe.ts";
import type { RunConfig } from "./run_config.ts";
import type { RunOption } from "./run_option.ts";

/** Names of these options. */
type GateOption =
  | "gateWarmup"
  | "copyNorms"
  | "budgetRamp"
  | "vanillaShare"
  | "gateReduction"
  | "gateGroup"
  | "gateBias"
  | "gateOpening"
  | "gateNoise"
  | "gateNoiseEnd"
  | "gateTemperature"
  | "gateTemperatureEnd"
  | "bounds"
  | "boundAlpha";

/** The rows in the order of `--help`. */
export const gateRows: { readonly [Key in GateOption]: RunOption<RunConfig[Key]> } = {
  gateWarmup: count(0, {
    group: "budget",
    help: "first epochs that train without gates",
    default: (config) => isGentle(config) ? usualWarmup(config) : 0,
    defaultText: "a fifth of the epochs; 0 with --recipe paper or --separate-encoders",
    earlier: 0,
  }),
  copyNorms: onOff({
    group: "budget",
    help: "begin the gated norms as copies of the dense norms, after the epochs without gates",
    default: (config) => isGentle(config) && copiesUsually(config),
    defaultText: "on with --mode dual and --recipe default, if there are such epochs",
    earlier: false,
  }),
  budgetRamp: count(0, {
    group: "budget",
    help: "next epochs, in which the target cost falls from 1 to the budget",
    default: (config) => isGentle(config) ? usualRamp(config) : 0,
    defaultText: "two fifths of the epochs; 0 with --recipe paper",
    earlier: 0,
  }),
  vanillaShare: {
    ...between(0, 1, {
      group: "budget",
      help: "share of the steps with gates that are replaced by steps without gates",
      default: 0,
    }),
    rule: "a number from 0 to below 1",
    schema: z.number().min(0).lt(1),
  },
  gateReduction: count(
    1,
    { group: "budget", help: "factor by which a gate narrows its input", default: GATE_REDUCTION },
    LARGEST_COUNT,
  ),
  gateGroup: count(
    1,
    { group: "budget", help: "neighbouring channels that a gate opens together; a divisor of the width", default: 1 },
    LARGEST_COUNT,
  ),
  gateBias: betweenOrNull(-EXTREME, EXTREME, {
    group: "budget",
    help: "initial bias of the gates' logits",
    default: null,
    defaultText: "no bias",
  }),
  gateOpening: between(0, EXTREME, {
    group: "budget",
    help: "added to the gates' logits at first; falls to 0 with the target cost",
    default: (config) => isGentle(config) && config.budgetRamp && config.gateBias === null ? OPENING : 0,
    defaultText: `${OPENING}; 0 with --recipe paper, --gate-bias or --budget-ramp 0`,
    earlier: 0,
  }),
  gateNoise: between(0, EXTREME, {
    group: "budget",
    help: "scale of the noise that training adds to the gates' logits",
    default: (config) => isGentle(config) ? GENTLE_NOISE : 1,
    defaultText: `${GENTLE_NOISE}; 1 with --recipe paper`,
    earlier: 1,
  }),
  gateNoiseEnd: betweenOrNull(0, EXTREME, {
    group: "budget",
    help: "scale of the noise from 80 % of the run on",
    default: (config) => isGentle(config) ? 0 : null,
    defaultText: "0; the same as --gate-noise with --recipe paper",
    earlier: null,
  }),
  gateTemperature: between(COLDEST, EXTREME, {
    group: "budget",
    help: "temperature of the gates' sigmoid",
    default: 2 / 3,
    defaultText: "2/3",
  }),
  gateTemperatureEnd: betweenOrNull(COLDEST, EXTREME, {
    group: "budget",
    help: "temperature in the last epoch",
    default: null,
    defaultText: "the same as --gate-temperature",
  }),
  bounds: onOff({
    group: "budget",
    help: "hold each gate's open share between two bounds, which relax",
    default: (config) => !isGentle(config) || config.budgetRule === "paper",
    defaultText: "only with --recipe paper or --budget-rule paper",
    earlier: true,
  }),
  boundAlpha: between(0, EXTREME, {
    group: "budget",
    help: "speed at which the bounds on each gate's open share relax; nothing without --bounds",
    default: 0.02,
  }),
};
