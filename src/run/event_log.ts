/**
 * A run's metrics for TensorBoard, beside `metrics.jsonl`.
 *
 * @module
 */
import { join } from "@std/path";
import { readdirSync } from "node:fs";
import {
  appendToFile,
  checkPlainFile,
  fileBeginning,
  makeFolder,
  restartRecord,
  scalarsRecord,
} from "../formats/mod.ts";
import type { EvaluationRecord, StepRecord } from "./records.ts";

function known(scalars: Readonly<Record<string, number | null | undefined>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(scalars).filter((entry): entry is [string, number] => typeof entry[1] === "number"),
  );
}

function grouped(group: string, scalars: Readonly<Record<string, number | null | undefined>>): Record<string, number> {
  return known(Object.fromEntries(Object.entries(scalars).map(([name, value]) => [`${group}/${name}`, value])));
}

/** The scalars of a line of metrics, by tag. */
export function taggedScalars(record: StepRecord | EvaluationRecord): Record<string, number> {
  if ("networks" in record) {
    const networks = Object.entries(record.networks).map(([network, { knn20, onlineProbe, cost, health }]) => {
      const { featureStd, effectiveRank } = health;
      const watched = { "20-NN": knn20, onlineProbe: onlineProbe?.top1, costShare: cost.share };
      return grouped(network, { ...watched, featureStd, effectiveRank });
    });
    return Object.assign({}, ...networks);
  }
  const { loss, terms, share, noiseFreeShare, target, multiplier, lr, viewsPerSecond } = record;
  return {
    ...grouped("loss", { total: loss, ...terms }),
    ...grouped("budget", { share, noiseFreeShare, target, multiplier }),
    ...grouped("training", { lr, viewsPerSecond }),
  };
}

/** Names of event files sort by their start, and TensorBoard reads them in this order. */
const namePattern = /^events\.out\.tfevents\.(\d+)\.\d+$/;

/** The event file of a run; a run that resumes begins another file. */
export class EventLog {
  readonly #path: string;
  readonly #check: () => void;

  private constructor(path: string, check: () => void) {
    this.#path = path;
    this.#check = check;
  }

  /**
   * Begins a file. If there are earlier files, it tells TensorBoard to forget the last step and all later ones, and
   * then repeats the last step: an evaluation after it is done again.
   *
   * @param folder the folder of event files; made if it is missing.
   * @param last the last step done, with its scalars if they are known.
   * @param wallTime seconds since 1970.
   * @param check called before anything is added; if it throws, nothing is added.
   * @throws {StorageError} if there is no room or no permission.
   */
  static begin(
    folder: string,
    last: { readonly step: number; readonly record: StepRecord | null },
    wallTime: number,
    check: () => void = () => {},
  ): EventLog {
    const earlier = EventLog.#earlierIn(folder);
    // The file must sort after the earlier ones even if the clock was set back.
    const seconds = Math.max(Math.floor(wallTime), ...earlier);
    const name = `events.out.tfevents.${String(seconds).padStart(10, "0")}.${String(earlier.length).padStart(4, "0")}`;
    const log = new EventLog(join(folder, name), check);
    checkPlainFile(log.#path);
    appendToFile(log.#path, fileBeginning(wallTime));
    if (earlier.length > 0) appendToFile(log.#path, restartRecord({ wallTime, step: last.step }));
    if (last.record !== null) log.append(last.record, wallTime);
    return log;
  }

  /** The start times in the names of a folder's event files, in seconds. */
  static #earlierIn(folder: string): number[] {
    makeFolder(folder);
    return readdirSync(folder).map((name) => namePattern.exec(name)?.[1]).filter((text) => text !== undefined)
      .map(Number);
  }

  /** Adds the scalars of a step or of an evaluation. @throws {StorageError} if there is no room or no permission. */
  append(record: StepRecord | EvaluationRecord, wallTime: number): void {
    this.#check();
    checkPlainFile(this.#path);
    appendToFile(this.#path, scalarsRecord({ wallTime, step: record.step }, taggedScalars(record)), this.#check);
  }
}
