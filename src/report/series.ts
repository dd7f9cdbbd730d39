/**
 * The series that results fall into, and how each looks: by colour, and by marker or dash for who does not see colours.
 *
 * @module
 */
import type { Pass } from "../models/mod.ts";
import type { RunConfig } from "../config/options.ts";
import type { ColourName } from "./colours.ts";

/** The dense and the gated network of dual runs, and those of the baselines. */
export type SeriesName = "dense" | "gated" | "gated alone" | "vanilla";

/** How a series looks. */
export interface Series {
  /** What it is called. */
  readonly name: string;
  /** Its colour. */
  readonly colour: ColourName;
  /** Its marker, as the plotting library names it. */
  readonly symbol: "circle" | "triangle" | "square" | "diamond";
  /** Dashes of its lines; null: none. */
  readonly dash: string | null;
}

/** The series by name, in the order of legends. */
export const allSeries: Readonly<Record<SeriesName, Series>> = {
  dense: { name: "dense", colour: "dense", symbol: "circle", dash: null },
  gated: { name: "gated", colour: "gated", symbol: "triangle", dash: "6 3" },
  "gated alone": { name: "gated alone", colour: "alone", symbol: "square", dash: "2 3" },
  vanilla: { name: "vanilla", colour: "vanilla", symbol: "diamond", dash: "9 3 2 3" },
};

/** The series that a network of a run belongs to. */
export function seriesOf(mode: RunConfig["mode"], network: Pass): SeriesName {
  return mode === "dual" ? network : mode === "gated" ? "gated alone" : "vanilla";
}

/** How training looks, whose loss is that of all its networks together. */
export const trainingSeries: Readonly<Record<RunConfig["mode"], Series>> = {
  dual: { ...allSeries.gated, name: "dual, both networks", dash: null },
  gated: allSeries["gated alone"],
  vanilla: allSeries.vanilla,
};
