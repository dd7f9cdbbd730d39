/**
 * `sluice cost`: multiply-accumulates and parameters of a network, block by block.
 *
 * @module
 */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { addCommonOptions, addExamples, addRunOptions } from "../options.ts";

/** Adds `cost` to the program. */
export function addCost(program: CommandUnknownOpts): void {
  const command = program.command("cost")
    .description("counts the MACs and parameters of a network, block by block; needs no data")
    .option("--image <SIZE>", "height and width of the images in pixels", "32")
    .action(async (_options, self) => (await import("./cost_action.ts")).runCost(self));
  addRunOptions(command, ["arch", "width", "stem", "gateReduction", "gateGroup"]);
  addCommonOptions(command);
  addExamples(command, [
    "sluice cost --stem cifar-paper",
    "sluice cost --arch resnet50 --stem imagenet --image 224 --json",
  ]);
}
