/**
 * Reads the size of a slim network, which several commands take.
 *
 * @module
 */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { imageSide, networkSpec } from "../src/config/network.ts";
import type { RunConfig } from "../src/config/options.ts";
import { slimSize } from "../src/encoders/slim_run.ts";
import { InvalidInputError } from "../src/errors.ts";
import { refuseSmallerSlim, type SlimSize } from "../src/evaluation/slim_mask.ts";
import type { NetworkName } from "../src/models/network_names.ts";
import { refuseUnserved } from "./budgets.ts";
import { wholeNumber } from "./options.ts";

function readCost(text: unknown): number {
  const cost = Number(text);
  if (cost > 0 && cost <= 1) return cost;
  throw new InvalidInputError(`--cost ${text}: give a number above 0 and up to 1`);
}

/**
 * The size of the slim network that a command line asks for.
 *
 * @param networks the networks that the command works with.
 * @throws {InvalidInputError} if a value is out of range, there is no slim network to which it could apply, or no slim
 * network is that small.
 */
export function readSlimSize(
  command: CommandUnknownOpts,
  config: RunConfig,
  networks: readonly NetworkName[],
): SlimSize {
  const { cost, channelMultiple }: Record<string, unknown> = command.opts();
  const given = { cost, "channel-multiple": channelMultiple };
  for (const [flag, value] of Object.entries(given)) {
    if (value === undefined || networks.includes("slim")) continue;
    throw new InvalidInputError(`--${flag} ${value}: sets the size of a slim network; give --network slim as well`);
  }
  const { width } = config;
  const rule = `a whole number from 1 to the run's width, ${width}`;
  const size = slimSize(config, {
    ...(cost === undefined ? {} : { cost: readCost(cost) }),
    ...(channelMultiple === undefined
      ? {}
      : { channelMultiple: wholeNumber("channel-multiple", channelMultiple, rule, 1, width) }),
  });
  if (networks.includes("slim")) {
    refuseUnserved(config, [size.cost], `--cost ${size.cost}`, "one of these");
    refuseSmallerSlim(networkSpec(config, imageSide(config)), size);
  }
  return size;
}
