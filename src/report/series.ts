/**
 * The series of the figures. Each has its own marker and dash besides its colour, for readers who do not see colours.
 *
 * @module
 */
import type { NetworkName } from "../models/mod.ts";
import type { RunConfig } from "../config/options.ts";
import type { ColourName } from "./colours.ts";

/** The dense and the gated network of dual runs, the networks of gated and vanilla runs, and slim networks. */
export type SeriesName = "dense" | "gated" | "gated alone" | "slim" | "vanilla";

/** How a series looks. */
export interface Series {
  /** Name in legends. */
  readonly name: string;
  /** Colour of markers and lines. */
  readonly colour: ColourName;
  /** Marker, by its name in the plotting library. */
  readonly symbol: "circle" | "triangle" | "square" | "star" | "diamond";
  /** Dashes of lines as an SVG `stroke-dasharray`; null for solid lines. */
  readonly dash: string | null;
}

/** All series by name, in the order of legends. */
export const allSeries: Readonly<Record<SeriesName, Series>> = {
  dense: { name: "dense", colour: "dense", symbol: "circle", dash: null },
  gated: { name: "gated", colour: "gated", symbol: "triangle", dash: "6 3" },
  "gated alone": { name: "gated alone", colour: "alone", symbol: "square", dash: "2 3" },
  // A slim network is cut out of a gated one, whose colour it has.
  slim: { name: "slim", colour: "gated", symbol: "star", dash: "3 2 8 2" },
  vanilla: { name: "vanilla", colour: "vanilla", symbol: "diamond", dash: "9 3 2 3" },
};

/** The series of a run's network. */
export function seriesOf(mode: RunConfig["mode"], network: NetworkName): SeriesName {
  if (network === "slim") return "slim";
  return mode === "dual" ? network : mode === "gated" ? "gated alone" : "vanilla";
}

/** The series of a run's loss, which all its networks share. */
export const trainingSeries: Readonly<Record<RunConfig["mode"], Series>> = {
  dual: { ...allSeries.gated, name: "dual, both networks", dash: null },
  gated: allSeries["gated alone"],
  vanilla: allSeries.vanilla,
};
