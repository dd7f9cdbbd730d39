/**
 * The networks of a configuration: their shape, their target cost, and the size of their images.
 *
 * @module
 */
import { datasetSource } from "../data/datasets/registry.ts";
import { USUAL_SIZE } from "../data/images/frames.ts";
import type { DualNetworkOptions } from "../models/dual_network.ts";
import { smallestCost } from "../models/ladder.ts";
import type { NetworkSpec } from "../models/spec.ts";
import type { NetworkName, Pass } from "../models/mod.ts";
import { rangeOf } from "./budget_range.ts";
import type { RunConfig } from "./run_config.ts";

/** The options that decide a network's shape. */
export type ShapeConfig = Pick<
  RunConfig,
  "arch" | "width" | "stem" | "mode" | "gateReduction" | "gateGroup" | "budget"
>;

/** The network of a configuration, for images of `image` x `image` pixels. */
export function networkSpec(config: ShapeConfig, image: number): NetworkSpec {
  const { arch, width, stem, mode, gateReduction } = config;
  // A run without gates may have a group that does not divide its width.
  const gateGroup = mode === "vanilla" ? 1 : config.gateGroup;
  const spec = { arch, width, stem, image, gateReduction, gateGroup };
  const ladder = ladderCosts(config, spec);
  return ladder === null ? spec : { ...spec, ladder };
}

/** Costs between two knots of a ladder, in steps of the dense network's cost. */
const KNOTS_APART = 0.05;

/** The costs at which a run of many budgets estimates its norms, ascending; null for a run of one budget or none. */
function ladderCosts({ mode, budget }: ShapeConfig, spec: NetworkSpec): number[] | null {
  const range = rangeOf(budget);
  if (mode === "vanilla" || range === null) return null;
  const { from: asked, to } = range;
  const from = asked ?? Math.max(KNOTS_APART, smallestCost({ ...spec, ladder: [] }));
  const all = Array.from(
    { length: Math.round(1 / KNOTS_APART) },
    (_, index) => (index + 1) / Math.round(1 / KNOTS_APART),
  );
  return [from, ...all.filter((cost) => cost > from && cost < to), to];
}

/** The options to build a configuration's network. Only a dual network has separate norms for its passes. */
export function networkOptions(config: RunConfig, image: number): DualNetworkOptions {
  return {
    spec: networkSpec(config, image),
    projector: config.projector,
    seed: config.seed,
    gated: config.mode !== "vanilla",
    separateNorm: config.mode === "dual" && config.separateNorm,
    gateBias: isLadder(config) ? null : config.gateBias,
    hasOpening: hasOpening(config),
    zeroInitResidual: config.zeroInitResidual,
    rotationHead: config.rotation ? config.rotationHead : null,
    separateEncoders: config.mode === "dual" && config.separateEncoders,
  };
}

/** Whether training adds a number to the logits of a run's gates. */
export function hasOpening(config: Pick<RunConfig, "mode" | "gateOpening" | "budget">): boolean {
  return config.mode !== "vanilla" && !isLadder(config) && config.gateOpening > 0;
}

/** The target cost of the gated network as a share of the dense cost; null if a run has many budgets, or no gates. */
export function targetOf({ mode, budget }: Pick<RunConfig, "mode" | "budget">): number | null {
  return mode === "vanilla" || typeof budget !== "number" ? null : budget;
}

/** Whether a run serves many budgets. */
export function isLadder({ mode, budget }: Pick<RunConfig, "mode" | "budget">): boolean {
  return mode !== "vanilla" && rangeOf(budget) !== null;
}

/** Costs that show the curve of a run of many budgets. */
const CURVE = [0.1, 0.3, 0.5, 0.7, 0.9];

/** The smallest and the largest cost that a run of many budgets serves; null for other runs. */
export function servedRange(config: RunConfig): { readonly least: number; readonly most: number } | null {
  const { ladder: [least, ...others] = [] } = networkSpec(config, imageSide(config));
  return least === undefined ? null : { least, most: others.at(-1) ?? least };
}

/** Costs of a run of many budgets that show what it is worth at each; empty for other runs. */
export function curveCosts(config: RunConfig): readonly number[] {
  const range = servedRange(config);
  return range === null ? [] : CURVE.filter((cost) => cost >= range.least && cost <= range.most);
}

/** The networks that a run of a mode trains. */
export function trainedNetworks(mode: RunConfig["mode"]): readonly Pass[] {
  return { dual: ["dense", "gated"], vanilla: ["dense"], gated: ["gated"] }[mode] as readonly Pass[];
}

/**
 * The networks that a run of a mode gives: those that it trains, and the slim network. A run without gates gives no
 * slim network: gates say which channels a network can do without, and training with gates lets it do without them.
 */
export function givenNetworks(mode: RunConfig["mode"]): readonly NetworkName[] {
  return [...trainedNetworks(mode), ...(mode === "vanilla" ? [] : ["slim"] as const)];
}

/**
 * Height and width of the images that a run's networks see, in pixels.
 *
 * @throws {InvalidOptionError} if there is no data set of that name.
 */
export function imageSide({ dataset, imageSize }: Pick<RunConfig, "dataset" | "imageSize">): number {
  return datasetSource(dataset).side ?? imageSize ?? USUAL_SIZE;
}
