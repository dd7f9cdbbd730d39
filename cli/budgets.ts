/**
 * Reads the costs that a command asks of a run that serves many.
 *
 * @module
 */
import { curveCosts, imageSide, networkSpec } from "../src/config/network.ts";
import type { RunConfig } from "../src/config/options.ts";
import { InvalidInputError } from "../src/errors.ts";
import type { NetworkName } from "../src/models/network_names.ts";

/**
 * The costs of `--budget`; by default some that the run serves, or none if it has one budget.
 *
 * @param networks the networks that the command works with.
 * @throws {InvalidInputError} if the run does not serve a cost or has one budget, or its gated network is left out.
 */
export function readBudgets(text: unknown, config: RunConfig, networks: readonly NetworkName[]): readonly number[] {
  const { ladder } = networkSpec(config, imageSide(config));
  const [least, most] = [ladder?.[0] ?? 0, ladder?.at(-1) ?? 0];
  const isServed = (cost: number) => cost >= least && cost <= most;
  if (text === undefined) return networks.includes("gated") ? curveCosts(config) : [];
  if (ladder === undefined) {
    throw new InvalidInputError(`--budget ${text}: the run was not trained with --budget any or a range; leave it out`);
  }
  if (!networks.includes("gated")) {
    throw new InvalidInputError(`--budget ${text}: sets the cost of the gated network; give --network gated as well`);
  }
  const costs = [...new Set(String(text).split(",").map((cost) => (cost.trim() === "" ? NaN : Number(cost))))];
  if (costs.every(isServed)) return costs;
  const ends = [Math.ceil(least * 1e4) / 1e4, most];
  throw new InvalidInputError(
    `--budget ${text}: the run serves costs from ${ends[0]} to ${ends[1]}; give some of these`,
  );
}
