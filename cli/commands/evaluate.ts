/**
 * `sluice evaluate RUN`: what the networks of a run are worth and what they cost.
 *
 * @module
 */

import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { InvalidInputError } from "../../src/errors.ts";
import type { JudgingOptions } from "../../src/evaluation/mod.ts";
import { probes, protocols as allProtocols } from "../../src/evaluation/protocols.ts";
import type { Pass } from "../../src/models/mod.ts";
import {
  addCommonOptions,
  addExamples,
  givenRunOptions,
  listsOf,
  outputOptions,
  wholeNumber,
  wordOption,
} from "../options.ts";
import { networkNames } from "../requests.ts";
import { describeEvaluation } from "../ui/evaluation.ts";
import { remark, writeResult } from "../ui/output.ts";

/** The words of a comma-separated list, each one of those allowed. */
function parseList<Word extends string>(flag: string, text: string, allowed: readonly Word[]): Word[] {
  const words = [...new Set(text.split(",").map((word) => word.trim()))];
  const unknown = words.find((word) => !allowed.some((one) => one === word));
  if (unknown !== undefined) {
    throw new InvalidInputError(`${flag} ${unknown === "" ? '""' : unknown}: give ${allowed.join(" or ")}`);
  }
  return allowed.filter((word) => words.includes(word));
}

/** The networks asked for, all of which the run must hold. */
function chooseNetworks(text: unknown, mode: string, held: readonly Pass[]): readonly Pass[] {
  if (typeof text !== "string") return held;
  const missing = parseList("--network", text, networkNames).find((name) => !held.includes(name));
  if (missing !== undefined) {
    throw new InvalidInputError(`--network ${missing}: a ${mode} run holds none; give ${held.join(" or ")}`);
  }
  return parseList("--network", text, held);
}

/** What no network can be judged by: masks are judged by the other protocols. */
const masksAlone = "masks";

/** How the networks are to be judged. */
function readJudging({ protocol, probe, probeSeeds }: Record<string, unknown>): Required<JudgingOptions> {
  const protocols = parseList("--protocol", String(protocol), allProtocols);
  if (protocols.join() === masksAlone) {
    throw new InvalidInputError(
      "--protocol masks: masks are judged by other protocols; give knn,masks or linear,masks",
    );
  }
  const [kind, ...others] = parseList("--probe", String(probe), probes);
  if (kind === undefined || others.length > 0) throw new InvalidInputError(`--probe ${probe}: give one of them`);
  const seeds = wholeNumber("probe-seeds", probeSeeds, "a whole number from 1 to 1000", 1, 1000);
  return { protocols, probe: kind, probeSeeds: seeds };
}

async function runEvaluate(path: string, command: CommandUnknownOpts): Promise<void> {
  const output = outputOptions(command);
  const { network, data, ...others }: Record<string, unknown> = command.opts();
  const judging = readJudging(others);
  const { RunFolder } = await import("../../src/run/run_folder.ts");
  const { resolveConfig } = await import("../../src/config/config.ts");
  const run = RunFolder.open(path);
  const { device: deviceName, threads } = resolveConfig({ flags: { ...run.config, ...givenRunOptions(command) } });
  const { trainedNetworks } = await import("../../src/config/network.ts");
  const networks = chooseNetworks(network, run.config.mode, trainedNetworks(run.config.mode));
  const { evaluateFolder } = await import("../evaluating.ts");
  const { mayWriteTo } = await import("../../src/machine/storage.ts");
  const isKept = mayWriteTo(path);
  const where = { device: deviceName, threads, data: typeof data === "string" ? data : run.config.data, isKept };
  if (!isKept) {
    remark(output, `${path}: cannot be written to; the results are printed, and not kept in evaluation.json`);
  }
  const evaluation = await evaluateFolder(run, { ...judging, networks }, where, output);
  try {
    writeResult(output, evaluation, () => describeEvaluation(evaluation, judging.probe === "augmented"));
  } finally {
    if (isKept) run.writeEvaluation(evaluation);
  }
}

/** Adds `evaluate` to the program. */
export function addEvaluate(program: CommandUnknownOpts): void {
  const command = program.command("evaluate")
    .description("k-NN, linear probe and measured cost of a run's networks, beside raw pixels and untrained networks")
    .argument("<RUN>", "folder of a run")
    .addOption(
      wordOption(
        "--protocol <LIST>",
        "of knn, linear, masks (accuracy under other images' masks, and a static one)",
        listsOf(allProtocols).filter((list) => list !== masksAlone),
      ).default("knn,linear"),
    )
    .addOption(
      wordOption("--probe <KIND>", "cached, or augmented: new crops each epoch, 100 times the encoding", probes)
        .default("cached"),
    )
    .option("--probe-seeds <N>", "linear probes, of which mean and standard deviation are given", "1")
    .addOption(
      wordOption("--network <LIST>", "dense, gated or both (default: what the run has)", listsOf(networkNames)),
    )
    .option("--data <DIR>", "folder with the data set's files, where it is not that of the training")
    .action((path, _options, self) => runEvaluate(path, self));
  addCommonOptions(command);
  addExamples(command, [
    "sluice evaluate runs/demo",
    "sluice evaluate runs/demo --protocol knn --network gated --json",
    "sluice evaluate runs/demo --protocol knn,linear,masks --probe-seeds 5",
    "sluice evaluate runs/demo --protocol linear --probe augmented --network dense",
  ]);
}
