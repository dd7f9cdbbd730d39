/**
 * A run's metrics for TensorBoard, beside `metrics.jsonl`.
 *
 * @module
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import {
  appendToFile,
  checkPlainFile,
  fileBeginning,
  makeFolder,
  restartRecord,
  scalarsRecord,
} from "../formats/mod.ts";
import type { EvaluationRecord, StepRecord } from "./records.ts";

/** Numbers that are there. */
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
  const { loss, terms, share, noiseFreeShare, multiplier, lr, viewsPerSecond } = record;
  return {
    ...grouped("loss", { total: loss, ...terms }),
    ...grouped("budget", { share, noiseFreeShare, multiplier }),
    ...grouped("training", { lr, viewsPerSecond }),
  };
}

/** Names of event files sort as they were begun: readers take them in this order. */
const namePattern = /^events\.out\.tfevents\.(\d+)\.\d+$/;

/** The event file that a run, or what is left of one that goes on, writes. */
export class EventLog {
  readonly #path: string;
  readonly #check: () => void;

  private constructor(path: string, check: () => void) {
    this.#path = path;
    this.#check = check;
  }

  /**
   * Begins a file. Where there are earlier ones, what they tell of the last step and of later ones is void for TensorBoard from
   * now on: an evaluation after that step is done again, so the step itself is told again.
   *
   * @param folder of the event files, made where it is not there.
   * @param last the last step that is done, and its scalars where they are known.
   * @param wallTime seconds since 1970.
   * @param check asked before anything is added; nothing is if it throws.
   * @throws {StorageError} if there is no room or no permission.
   */
  static begin(
    folder: string,
    last: { readonly step: number; readonly record: StepRecord | null },
    wallTime: number,
    check: () => void = () => {},
  ): EventLog {
    const earlier = EventLog.#earlierIn(folder);
    // A clock that was set back must not put a file before those it goes on from.
    const seconds = Math.max(Math.floor(wallTime), ...earlier);
    const name = `events.out.tfevents.${String(seconds).padStart(10, "0")}.${String(earlier.length).padStart(4, "0")}`;
    const log = new EventLog(join(folder, name), check);
    checkPlainFile(log.#path);
    appendToFile(log.#path, fileBeginning(wallTime));
    if (earlier.length > 0) appendToFile(log.#path, restartRecord({ wallTime, step: last.step }));
    if (last.record !== null) log.append(last.record, wallTime);
    return log;
  }

  /** The seconds in the names of a folder's files. */
  static #earlierIn(folder: string): number[] {
    makeFolder(folder);
    return readdirSync(folder).map((name) => namePattern.exec(name)?.[1]).filter((text) => text !== undefined)
      .map(Number);
  }

  /** Adds the scalars of a step or of an evaluation. @throws {StorageError} where there is no room or no permission. */
  append(record: StepRecord | EvaluationRecord, wallTime: number): void {
    this.#check();
    checkPlainFile(this.#path);
    appendToFile(this.#path, scalarsRecord({ wallTime, step: record.step }, taggedScalars(record)), this.#check);
  }
}
