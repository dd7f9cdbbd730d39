/**
 * `sluice cost`: multiply-accumulates and parameters of a network, block by block.
 *
 * @module
 */

import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import type { networkCost } from "../../src/models/cost.ts";
import type { NetworkSpec } from "../../src/models/spec.ts";
import {
  addCommonOptions,
  addExamples,
  addRunOptions,
  givenRunOptions,
  outputOptions,
  wholeNumber,
} from "../options.ts";
import { writeResult } from "../ui/output.ts";
import { formatTable, megaMacs, share } from "../ui/tables.ts";

type NetworkCost = ReturnType<typeof networkCost>;

/** The JSON document: which gates open what is no part of it. */
function costDocument({ blocks, ...whole }: NetworkCost) {
  return { ...whole, blocks: blocks.map(({ gated: _gated, ...block }) => block) };
}

/** The table for people: a row a block, then the sums. */
function describeCost(spec: NetworkSpec, cost: NetworkCost, smallest: number): string {
  const hasThird = cost.blocks.some(({ conv3 }) => conv3 !== undefined);
  const third = (cell: string | undefined) => (hasThird ? [cell] : []);
  const blocks = cost.blocks.map(({ name, conv1, conv2, conv3, shortcut, gate }) => [
    name,
    ...[conv1, conv2].map(megaMacs),
    ...third(megaMacs(conv3)),
    ...[shortcut, gate].map(megaMacs),
  ]);
  const header = `${spec.arch}, width ${spec.width}, stem ${spec.stem}, ${spec.image} x ${spec.image} pixels`;
  return [
    header,
    "",
    formatTable(["block", "conv1", "conv2", ...(hasThird ? ["conv3"] : []), "shortcut", "gate"], blocks),
    "",
    formatTable(["", ""], [
      ["dense network, MACs", cost.macs],
      ["gates, MACs", cost.gateMacs],
      ["parameters", cost.params],
      ["smallest budget", share(smallest)],
    ]).trimStart(),
  ].join("\n");
}

async function runCost(command: CommandUnknownOpts): Promise<void> {
  const { image: imageText }: Record<string, unknown> = command.opts();
  const image = wholeNumber("image", imageText, "a whole number of pixels from 8 to 4096", 8, 4096);
  const { resolveConfig } = await import("../../src/config/config.ts");
  const { networkCost, smallestBudget } = await import("../../src/models/cost.ts");
  // Images of files are brought to the size asked for, so that the stem's default is that of a run on such images.
  const flags = { dataset: "images", imageSize: image, ...givenRunOptions(command) };
  const { arch, width, stem, gateReduction } = resolveConfig({ flags });
  const spec = { arch, width, stem, image, gateReduction };
  const cost = networkCost(spec);
  writeResult(outputOptions(command), costDocument(cost), () => describeCost(spec, cost, smallestBudget(spec)));
}

/** Adds `cost` to the program. */
export function addCost(program: CommandUnknownOpts): void {
  const command = program.command("cost")
    .description("MACs and parameters of a network, by block; needs no data")
    .option("--image <SIZE>", "height and width of the images in pixels", "32")
    .action((_options, self) => runCost(self));
  addRunOptions(command, ["arch", "width", "stem", "gateReduction"]);
  addCommonOptions(command);
  addExamples(command, [
    "sluice cost --stem cifar-paper",
    "sluice cost --arch resnet50 --stem imagenet --image 224 --json",
  ]);
}
