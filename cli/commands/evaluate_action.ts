/**
 * What `sluice evaluate` does.
 *
 * @module
 */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { withGiven } from "../../src/config/config.ts";
import { evaluateFolder } from "../../src/encoders/evaluate_folder.ts";
import { InvalidInputError } from "../../src/errors.ts";
import { type JudgingOptions, probes, protocols as allProtocols } from "../../src/evaluation/mod.ts";
import { mayWriteTo } from "../../src/machine/storage.ts";
import { RunFolder } from "../../src/run/run_folder.ts";
import type { RunSpeed } from "../../src/run/speed_file.ts";
import { givenRunOptions, inferencePrecision, outputOptions, wholeNumber } from "../options.ts";
import { chooseNetworks, parseList } from "../requests.ts";
import { EvaluationSession } from "../sessions.ts";
import { readSlimSize } from "../slim.ts";
import { describeEvaluation } from "../ui/evaluation.ts";
import { remark, writeResult } from "../ui/output.ts";

/** How to judge the networks. */
function readJudging(
  { protocol, probe, probeSeeds }: Record<string, unknown>,
): Required<Omit<JudgingOptions, "progress">> {
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

/** Evaluates the run in a folder. */
export function runEvaluate(path: string, command: CommandUnknownOpts): void {
  const output = outputOptions(command);
  const { network, data, ...others }: Record<string, unknown> = command.opts();
  const judging = readJudging(others);
  const run = RunFolder.open(path);
  const asked = withGiven(run.config, givenRunOptions(command));
  const { device: deviceName, threads } = asked;
  const precision = inferencePrecision(asked, command);
  const networks = chooseNetworks(network, run.config);
  const slim = readSlimSize(command, run.config, networks);
  if (judging.protocols.includes("masks") && !networks.includes("gated")) {
    remark(output, "masks: there is no gated network to evaluate; only the other protocols are evaluated");
  }
  const isKept = mayWriteTo(path);
  const place = { device: deviceName, threads, data: typeof data === "string" ? data : run.config.data, isKept };
  if (!isKept) {
    remark(output, `${path}: is not writable; the results are printed, but not stored`);
  }
  const session = new EvaluationSession(output);
  let speed: RunSpeed | null = null;
  const evaluation = evaluateFolder(
    run,
    { ...judging, precision, networks, slim },
    place,
    session,
    (timed) => speed = timed,
  );
  session.conclude(isKept ? `${path}/skipped.jsonl names them` : "sluice data verify names them");
  try {
    writeResult(output, evaluation, () => describeEvaluation(evaluation, judging.probe === "augmented", speed));
  } finally {
    if (isKept) {
      run.writeEvaluation(evaluation);
      if (speed !== null) run.writeSpeed(speed);
    }
  }
}
