/**
 * What `sluice evaluate` does.
 *
 * @module
 */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { withGiven } from "../../src/config/config.ts";
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
import type { NetworkName } from "../../src/models/network_names.ts";
import { describeData, EvaluationsFolder, onOtherImages } from "../../src/run/mod.ts";
import { RunFolder } from "../../src/run/run_folder.ts";
import type { RunSpeed } from "../../src/run/speed_file.ts";
import { openJudgedImages, storeEvaluation, usableProtocols } from "../judged_images.ts";
import { givenRunOptions, inferencePrecision, outputOptions, wholeNumber } from "../options.ts";
import { chooseNetworks, parseList } from "../requests.ts";
import { openDevice } from "../device.ts";
import { resolvePrecision } from "../../src/tensor/precision.ts";
import { EvaluationSession } from "../sessions.ts";
import { readBudgets } from "../budgets.ts";
import { readSlimSize } from "../slim.ts";
import { describeEvaluation } from "../ui/evaluation.ts";
import { announce, remark, writeResult } from "../ui/output.ts";

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
  const { network, dataset, data, budget, ...others }: Record<string, unknown> = command.opts();
  const given = readJudging(others);
  const run = RunFolder.open(path);
  const { dataset: _dataset, data: _data, budget: _budget, ...machine } = givenRunOptions(command);
  const asked = withGiven(run.config, machine);
  const { device: deviceName, threads } = asked;
  const precision = inferencePrecision(asked, command);
  const networks = chooseNetworks(network, run.config);
  const slim = readSlimSize(command, run.config, networks);
  const budgets = readBudgets(budget, run.config, networks);
  const evaluations = new EvaluationsFolder(run);
  const judged = openJudgedImages(run.config, { dataset, data, networks });
  const judging = { ...given, protocols: usableProtocols(command, judged.images, given.protocols) };
  checkLabels(judged.images, { ...judging, networks });
  if (judging.protocols.includes("masks") && !networks.includes("gated")) {
    remark(output, "masks: there is no gated network to evaluate; only the other protocols are evaluated");
  }
  const isKept = mayWriteTo(path);
  const { images, own, isOther } = judged;
  const place = { device: deviceName, threads, images, own, data: null, isKept: isKept && !isOther };
  if (isOther) {
    // Reading the data may take long, so what the evaluation would refuse comes first.
    run.latestCheckpoint(() => {});
    using device = openDevice(asked, output);
    resolvePrecision(precision, device.description);
    announce(output, `reading the data: ${images.name}`, "nothing");
  }
  const other = isOther ? await describeData(images, judged.folder) : null;
  if (!isKept) {
    remark(output, `${path}: is not writable; the results are printed, but not stored`);
  }
  const session = new EvaluationSession(output);
  let speed: RunSpeed | null = null;
  const pictures = new Map<NetworkName, NearestImages>();
  const options = {
    ...judging,
    precision,
    networks,
    slim,
    budgets,
    ...(isKept && { pictured: (name: NetworkName, nearest: NearestImages) => void pictures.set(name, nearest) }),
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
