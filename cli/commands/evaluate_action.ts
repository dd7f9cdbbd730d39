/**
 * What `sluice evaluate` does.
 *
 * @module
 */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { withGiven } from "../../src/config/config.ts";
import { trainedNetworks } from "../../src/config/network.ts";
import { evaluateFolder } from "../../src/encoders/evaluate_folder.ts";
import { InvalidInputError } from "../../src/errors.ts";
import {
  checkLabels,
  type JudgingOptions,
  type NearestImages,
  probes,
  protocols as allProtocols,
} from "../../src/evaluation/mod.ts";
import { mayWriteTo } from "../../src/machine/storage.ts";
import type { Pass } from "../../src/models/mod.ts";
import { describeData, EvaluationsFolder, onOtherImages } from "../../src/run/mod.ts";
import { RunFolder } from "../../src/run/run_folder.ts";
import type { RunSpeed } from "../../src/run/speed_file.ts";
import { openJudgedImages, storeEvaluation, usableProtocols } from "../judged_images.ts";
import { givenRunOptions, inferencePrecision, networkNames, outputOptions, wholeNumber } from "../options.ts";
import { EvaluationSession } from "../sessions.ts";
import { describeEvaluation } from "../ui/evaluation.ts";
import { announce, remark, writeResult } from "../ui/output.ts";

/** The words of a comma-separated list. @throws {InvalidInputError} if a word is not allowed. */
function parseList<Word extends string>(flag: string, text: string, allowed: readonly Word[]): Word[] {
  const words = [...new Set(text.split(",").map((word) => word.trim()))];
  const unknown = words.find((word) => !allowed.some((one) => one === word));
  if (unknown !== undefined) {
    throw new InvalidInputError(`${flag} ${unknown === "" ? '""' : unknown}: give ${allowed.join(" or ")}`);
  }
  return allowed.filter((word) => words.includes(word));
}

/** The networks asked for; by default all that the run holds. @throws {InvalidInputError} if the run lacks one. */
function chooseNetworks(text: unknown, mode: string, held: readonly Pass[]): readonly Pass[] {
  if (typeof text !== "string") return held;
  const missing = parseList("--network", text, networkNames).find((name) => !held.includes(name));
  if (missing !== undefined) {
    throw new InvalidInputError(`--network ${missing}: a ${mode} run holds no such network; give ${held.join(" or ")}`);
  }
  return parseList("--network", text, held);
}

/** How to judge the networks. */
function readJudging(
  { protocol, probe, probeSeeds }: Record<string, unknown>,
): Required<Omit<JudgingOptions, "progress" | "nearest">> {
  const protocols = parseList("--protocol", String(protocol), allProtocols);
  if (protocols.join() === "masks") {
    throw new InvalidInputError(
      "--protocol masks: needs another protocol to judge masks by; give knn,masks or linear,masks",
    );
  }
  const [kind, ...others] = parseList("--probe", String(probe), probes);
  if (kind === undefined || others.length > 0) {
    throw new InvalidInputError(`--probe ${probe}: give one probe, ${probes.join(" or ")}`);
  }
  const seeds = wholeNumber("probe-seeds", probeSeeds, "a whole number from 1 to 1000", 1, 1000);
  return { protocols, probe: kind, probeSeeds: seeds };
}

/** Evaluates the run in a folder, by its own images or by those of `--dataset`. */
export async function runEvaluate(path: string, command: CommandUnknownOpts): Promise<void> {
  const output = outputOptions(command);
  const { network, dataset, data, ...others }: Record<string, unknown> = command.opts();
  const given = readJudging(others);
  const run = RunFolder.open(path);
  const { dataset: _dataset, data: _data, ...machine } = givenRunOptions(command);
  const asked = withGiven(run.config, machine);
  const { device: deviceName, threads } = asked;
  const precision = inferencePrecision(asked, command);
  const networks = chooseNetworks(network, run.config.mode, trainedNetworks(run.config.mode));
  const evaluations = new EvaluationsFolder(run);
  const judged = openJudgedImages(run.config, { dataset, data });
  const judging = { ...given, protocols: usableProtocols(command, judged.images, given.protocols) };
  checkLabels(judged.images, { ...judging, networks });
  if (judging.protocols.includes("masks") && !networks.includes("gated")) {
    remark(output, "masks: there is no gated network to evaluate; only the other protocols are evaluated");
  }
  const isKept = mayWriteTo(path);
  const place = { device: deviceName, threads, images: judged.images, data: null, isKept: isKept && !judged.isOther };
  if (judged.isOther) announce(output, `reading the data: ${judged.images.name}`, "nothing");
  const other = judged.isOther ? await describeData(judged.images, judged.folder) : null;
  if (!isKept) {
    remark(output, `${path}: is not writable; the results are printed, but not stored`);
  }
  const session = new EvaluationSession(output);
  let speed: RunSpeed | null = null;
  const pictures = new Map<Pass, NearestImages>();
  const options = {
    ...judging,
    precision,
    networks,
    ...(isKept && { pictured: (pass: Pass, nearest: NearestImages) => void pictures.set(pass, nearest) }),
  };
  const timed = other === null ? (times: RunSpeed) => void (speed = times) : undefined;
  const evaluation = evaluateFolder(run, options, place, session, timed);
  session.conclude(place.isKept ? `${path}/skipped.jsonl names them` : "sluice data verify names them");
  const result = other === null ? evaluation : onOtherImages(evaluation, other);
  try {
    writeResult(output, result, () => describeEvaluation(result, judging.probe === "augmented", speed, other));
  } finally {
    if (isKept) storeEvaluation({ run, evaluations, evaluation, other, speed, pictures });
  }
  if (isKept && other !== null) remark(output, `${evaluations.pathOf(other)} holds the result`);
}
