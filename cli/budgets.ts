/**
 * Reads the costs that a command asks of a run that serves many.
 *
 * @module
 */
import { curveCosts, servedRange } from "../src/config/network.ts";
import type { RunConfig } from "../src/config/options.ts";
import { InvalidInputError } from "../src/errors.ts";
import type { NetworkName } from "../src/models/network_names.ts";

/**
 * Refuses costs that a run of many budgets was not trained for. A run of one budget refuses none.
 *
 * @param flag the flag with its value, for the message.
 * @param remedy the end of the message, after "give".
 * @throws {InvalidInputError} with the range.
 */
export function refuseUnserved(config: RunConfig, costs: readonly number[], flag: string, remedy: string): void {
  const range = servedRange(config);
  if (range === null || costs.every((cost) => cost >= range.least && cost <= range.most)) return;
  throw new InvalidInputError(
    `${flag}: the run serves costs from ${Math.ceil(range.least * 1e4) / 1e4} to ${range.most}; give ${remedy}`,
  );
}

/**
 * The costs of `--budget`; by default some that the run serves, or none if it has one budget.
 *
 * @param networks the networks that the command works with.
 * @throws {InvalidInputError} if the run does not serve a cost or has one budget, or its gated network is left out.
 */
export function readBudgets(text: unknown, config: RunConfig, networks: readonly NetworkName[]): readonly number[] {
  if (text === undefined) return networks.includes("gated") ? curveCosts(config) : [];
  if (servedRange(config) === null) {
    throw new InvalidInputError(`--budget ${text}: the run was not trained with --budget any or a range; leave it out`);
  }
  if (!networks.includes("gated")) {
    throw new InvalidInputError(`--budget ${text}: sets the cost of the gated network; give --network gated as well`);
  }
  const costs = [...new Set(String(text).split(",").map((cost) => (cost.trim() === "" ? NaN : Number(cost))))];
  refuseUnserved(config, costs, `--budget ${text}`, "some of these");
  return costs;
}
