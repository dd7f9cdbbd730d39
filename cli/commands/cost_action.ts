/**
 * What `sluice cost` does.
 *
 * @module
 */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { resolveConfig } from "../../src/config/config.ts";
import { networkCost, smallestBudget } from "../../src/models/cost.ts";
import type { Architecture, NetworkSpec } from "../../src/models/spec.ts";
import { givenRunOptions, outputOptions, wholeNumber } from "../options.ts";
import { writeResult } from "../ui/output.ts";
import { formatTable, megaMacs, share } from "../ui/tables.ts";

type NetworkCost = ReturnType<typeof networkCost>;

/** The JSON document, with `conv1`, `conv2`, ... of each block; it leaves out which gates open which channels. */
function costDocument({ blocks, ...whole }: NetworkCost) {
  const documents = blocks.map(({ name, convolutions, shortcut, gate }) => {
    const numbered = Object.fromEntries(convolutions.map((macs, index) => [`conv${index + 1}`, macs]));
    return { name, ...numbered, shortcut, gate };
  });
  return { ...whole, blocks: documents };
}

/** The table for people: one row per block, then the sums. */
function describeCost(
  spec: NetworkSpec & { readonly arch: Architecture },
  cost: NetworkCost,
  smallest: number,
): string {
  const most = Math.max(...cost.blocks.map(({ convolutions }) => convolutions.length));
  const columns = Array.from({ length: most }, (_, index) => index);
  const blocks = cost.blocks.map(({ name, convolutions, shortcut, gate }) => [
    name,
    ...columns.map((index) => megaMacs(convolutions[index])),
    ...[shortcut, gate].map(megaMacs),
  ]);
  const header = `${spec.arch}, width ${spec.width}, stem ${spec.stem}, ${spec.image} x ${spec.image} pixels`;
  return [
    header,
    "",
    formatTable(["block", ...columns.map((index) => `conv${index + 1}`), "shortcut", "gate"], blocks),
    "",
    formatTable(["", ""], [
      ["dense network, MACs", cost.macs],
      ["gates, MACs", cost.gateMacs],
      ["parameters", cost.params],
      ["smallest budget", share(smallest)],
    ]).trimStart(),
  ].join("\n");
}

/** Prints the cost of the network that the options describe. */
export function runCost(command: CommandUnknownOpts): void {
  const { image: imageText }: Record<string, unknown> = command.opts();
  const image = wholeNumber("image", imageText, "a whole number of pixels from 8 to 4096", 8, 4096);
  // The data set of image files takes any image size, so the stem defaults as in a run on images of this size.
  const flags = { dataset: "images", imageSize: image, ...givenRunOptions(command) };
  const { arch, width, stem, gateReduction, gateGroup } = resolveConfig({ flags });
  const spec = { arch, width, stem, image, gateReduction, gateGroup };
  const cost = networkCost(spec);
  writeResult(outputOptions(command), costDocument(cost), () => describeCost(spec, cost, smallestBudget(spec)));
}
