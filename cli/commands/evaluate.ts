/**
 * `sluice evaluate RUN`: what the networks of a run are worth and what they cost.
 *
 * @module
 */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { runOptions } from "../../src/config/options.ts";
import { probes, protocols } from "../../src/evaluation/protocols.ts";
import { networkNames } from "../../src/models/network_names.ts";
import { addExamples, addInferenceOptions, addSlimOptions, listsOf, wordOption } from "../options.ts";

/** Adds `evaluate` to the program. */
export function addEvaluate(program: CommandUnknownOpts): void {
  const command = program.command("evaluate")
    .description(
      "measures a run's networks by k-NN, linear probe and cost, with raw pixels and untrained networks for comparison; " +
        "without labels by cost, open channels and effective rank",
    )
    .argument("<RUN>", "folder of a run")
    .addOption(
      wordOption(
        "--protocol <LIST>",
        "knn, linear, masks (the gates' masks against those of other images, one mask for all, and an oracle's)",
        listsOf(protocols).filter((list) => list !== "masks"),
      ).default("knn,linear"),
    )
    .addOption(
      wordOption(
        "--probe <KIND>",
        "cached, or augmented (new crops in each epoch, which means 100 times the encoding)",
        probes,
      )
        .default("cached"),
    )
    .option("--probe-seeds <N>", "linear probes to train; mean and standard deviation are printed", "1")
    .addOption(
      wordOption(
        "--network <LIST>",
        "dense, gated, slim (the channels that gates open most, without gates; default: all that were trained)",
        listsOf(networkNames),
      ),
    )
    .option(
      "--budget <X>",
      "costs to judge the gated network at, separated by commas, of a run that serves many (default: those of " +
        "0.1,0.3,0.5,0.7,0.9 that it serves)",
    )
    .addOption(
      wordOption(
        "--dataset <NAME>",
        "judge by the images of another data set, one of `sluice data list` (default: the run's own); the result goes " +
          "to RUN/evaluations",
        runOptions.dataset.words ?? [],
      ),
    )
    .option("--data <DIR>", "folder of the data set's files (default: as in training, or the data set's own place)")
    .action(async (path, _options, self) => (await import("./evaluate_action.ts")).runEvaluate(path, self));
  addSlimOptions(command);
  addInferenceOptions(command);
  addExamples(command, [
    "sluice evaluate runs/demo",
    "sluice evaluate runs/demo --protocol knn --network gated --json",
    "sluice evaluate runs/demo --protocol knn,linear,masks --probe-seeds 5",
    "sluice evaluate runs/demo --dataset folder --data flowers",
    "sluice evaluate runs/demo --network gated,slim --cost 0.3",
    "sluice evaluate runs/any --budget 0.2,0.35",
    "sluice evaluate runs/demo --protocol linear --probe augmented --network dense",
  ]);
}
