/**
 * What `sluice status` does.
 *
 * @module
 */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { describeNoLocks } from "../../src/formats/mod.ts";
import { RunFolder } from "../../src/run/run_folder.ts";
import { readStatus, type RunStatus } from "../../src/run/run_status.ts";
import { SweepFolder } from "../../src/sweep/mod.ts";
import { quoteWord } from "../../src/sweep/shell.ts";
import { outputOptions } from "../options.ts";
import { remark, writeResult } from "../ui/output.ts";
import { describeTarget, formatSeconds } from "../ui/progress.ts";
import { formatTable, grouped, percent, share, signed } from "../ui/tables.ts";
import { showSweep } from "./sweep_action.ts";

function describePhase({ phase, process, secondsLeft, run, failure, budgetMissed }: RunStatus): string {
  if (phase === "finished") {
    return `finished${budgetMissed === null ? "" : `; the budget is missed by ${signed(budgetMissed)}`}`;
  }
  if (failure !== null) return `failed: ${failure}`;
  if (phase === "stopped") return `stopped; to resume: sluice pretrain --resume ${quoteWord(run)}`;
  const left = secondsLeft === null ? "" : `, ${formatSeconds(secondsLeft)} left`;
  return `running${process === null ? "" : `, process ${process}`}${left}`;
}

/** Steps done, and the steps after the checkpoint, which are lost. */
function describeSteps({ step, steps, phase, last }: RunStatus): string {
  const lost = phase === "running" || last === null ? 0 : last.step - step;
  return `${grouped(step)} of ${steps === null ? "-" : grouped(steps)}${
    lost > 0 ? `; ${lost} more steps are in no checkpoint` : ""
  }`;
}

/** The damaged lines of the log, by number. */
function describeDamage(lines: readonly number[]): string {
  const more = lines.length > 10 ? `, and ${lines.length - 10} more` : "";
  return `line ${lines.slice(0, 10).join(", ")}${more} of metrics.jsonl, left out`;
}

function describeStatus(status: RunStatus): string {
  const { run, epoch, epochs, last, budget, evaluation, checkpoint, damagedLines } = status;
  const networks = Object.entries(evaluation?.networks ?? {}).map(([name, { knn20, onlineProbe, cost }]) => {
    const probe = onlineProbe === undefined ? "" : `, online probe ${percent(onlineProbe.top1)}`;
    return [`${name}, after epoch ${evaluation?.epoch}`, `20-NN ${percent(knn20)}${probe}, cost ${share(cost.share)}`];
  });
  return formatTable(
    ["run", run],
    [
      ["state", describePhase(status)],
      ["epoch", `${epoch} of ${epochs}`],
      ["step", describeSteps(status)],
      ["loss", last?.loss.toFixed(4)],
      ...Object.entries(last?.terms ?? {}).map(([name, value]) => [`  ${name}`, value.toFixed(4)]),
      ...(budget === null
        ? []
        : [["cost share", `${share(last?.noiseFreeShare) ?? "-"} of ${describeTarget(last, budget)}`]]),
      ["views/s", last === null ? null : grouped(Math.round(last.viewsPerSecond))],
      ...networks,
      ["checkpoint", checkpoint],
      ...(damagedLines.length === 0 ? [] : [["damaged", describeDamage(damagedLines)]]),
    ],
    "left",
  );
}

/** Prints how far the run in a folder is, or each run of a sweep. */
export async function runStatus(path: string, command: CommandUnknownOpts): Promise<void> {
  if (SweepFolder.isAt(path)) return await showSweep(path, outputOptions(command));
  const output = outputOptions(command);
  const status = readStatus(RunFolder.open(path));
  if (status.noLocks !== null) {
    remark(
      output,
      describeNoLocks(path, status.noLocks, "a process that trains it on another machine is invisible here"),
    );
  }
  writeResult(output, status, () => describeStatus(status));
}
