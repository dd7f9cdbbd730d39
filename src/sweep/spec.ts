/**
 * Reads what a sweep is to do: YAML whose every fault is named with its line.
 *
 * @module
 */
import type { z } from "zod";
import { InvalidInputError } from "../errors.ts";
import { type Probe, type Protocol, protocols } from "../evaluation/mod.ts";
import { YamlFile, type YamlPlace } from "../formats/mod.ts";
import { readNamedFile } from "../config/config_file.ts";
import { remedyFor } from "../config/nearest.ts";
import type { KubernetesRequest, SlurmRequest } from "./requests.ts";
import { knownKeysAt, specSchema } from "./spec_schema.ts";

/** A value of an option, as YAML has it. */
export type Scalar = string | number | boolean | null;

/** How a sweep's runs are evaluated: options as those of `sluice evaluate`. */
export interface SweepJudging {
  /** Ways to judge features. */
  readonly protocol: readonly Protocol[];
  /** The linear probe's kind. */
  readonly probe: Probe;
  /** Linear probes whose mean is given. */
  readonly "probe-seeds": number;
}

/** What a spec says, its options not yet checked. */
export interface SweepContents {
  /** Options of all runs, by their keys. */
  readonly base: Readonly<Record<string, Scalar>>;
  /** Values of options, of which every combination is a run. */
  readonly grid?: Readonly<Record<string, readonly Scalar[]>> | undefined;
  /** Options of each run; `name` names it. */
  readonly runs?: readonly Readonly<Record<string, Scalar>>[] | undefined;
  /** Each run is made with each of these. */
  readonly seeds: readonly number[];
  /** How each run is evaluated. */
  readonly evaluate: SweepJudging;
  /** How often a run that failed is tried again. */
  readonly retries: number;
  /** What is asked of Slurm. */
  readonly slurm?: SlurmRequest | undefined;
  /** What is asked of Kubernetes. */
  readonly kubernetes?: KubernetesRequest | undefined;
}

/** A place in a spec: keys and indexes from its root. */
export type Place = YamlPlace;

/** What is wanted where zod names no more than a kind. */
const wanted: Readonly<Record<string, string>> = {
  base: "give options of pretrain, such as budget: 0.3",
  grid: "give lists by option, such as budget: [0.1, 0.3]",
  runs: "give a list of runs, each with options, such as - budget: 0.3",
  seeds: "give a list of different whole numbers, 0 or more and below 2^53",
  evaluate: `give a list of ${protocols.join(", ")}, or protocol, probe and probe-seeds`,
  retries: "give a whole number from 0 to 100",
};

/** A spec as it was read, with the lines of what it says. */
export class SweepSpec {
  readonly #file: YamlFile;

  private constructor(
    file: YamlFile,
    /** The file's text. */
    readonly text: string,
    /** What it says. */
    readonly contents: SweepContents,
  ) {
    this.#file = file;
  }

  /** The file's path, for messages. */
  get path(): string {
    return this.#file.path;
  }

  /**
   * Reads a spec's text.
   *
   * @throws {InvalidInputError} naming the line of what is not YAML, not known, or of a wrong kind.
   */
  static parse(path: string, text: string): SweepSpec {
    const file = new YamlFile(path, text);
    const parsed = specSchema.safeParse(file.value ?? {});
    if (!parsed.success) throw faultOf(file, parsed.error.issues[0]);
    const spec = new SweepSpec(file, text, parsed.data);
    spec.#checkTogether();
    return spec;
  }

  /**
   * Reads a spec's file.
   *
   * @throws {InvalidInputError} if the file cannot be read, or as {@linkcode SweepSpec.parse}.
   */
  static read(path: string): SweepSpec {
    return SweepSpec.parse(path, readNamedFile(path, "give the spec of a sweep"));
  }

  /** The line, counted from 1, of the nearest thing to a place that the document holds. */
  lineOf(place: Place): number {
    return this.#file.lineOf(place);
  }

  /** An error whose message begins with file and line. */
  fault(place: Place, message: string): InvalidInputError {
    return this.#file.fault(place, message);
  }

  #checkDifferent(place: Place, values: readonly Scalar[]): void {
    const twice = values.findIndex((one, index) => values.indexOf(one) !== index);
    if (twice < 0) return;
    throw this.fault([...place, twice], `${place.at(-1)}: ${values[twice]} is there twice; remove one`);
  }

  #checkTogether(): void {
    const { grid, runs, seeds, base } = this.contents;
    if (grid !== undefined && runs !== undefined) {
      throw this.fault(["runs"], "runs beside grid: give one of them");
    }
    if (grid !== undefined && Object.keys(grid).length === 0) throw this.fault(["grid"], `grid: ${wanted["grid"]}`);
    this.#checkDifferent(["seeds"], seeds);
    for (const [key, values] of Object.entries(grid ?? {})) this.#checkDifferent(["grid", key], values);
    const ownKeys = [
      ...Object.keys(base).map((key) => ["base", key]),
      ...Object.keys(grid ?? {}).map((key) => ["grid", key]),
      ...(runs ?? []).flatMap((run, index) => Object.keys(run).map((key) => ["runs", index, key])),
    ];
    for (const place of ownKeys) {
      if (place.at(-1) === "seed") throw this.fault(place, "seed: is varied for all runs alike; write seeds: [0, 1]");
      if (place.at(-1) === "out") throw this.fault(place, "out: runs are named by what varies; remove it");
    }
  }
}

/** The first fault that the schema found, in words. */
function faultOf(file: YamlFile, issue: z.core.$ZodIssue | undefined): InvalidInputError {
  if (issue === undefined) return new InvalidInputError(`${file.path}: is no spec of a sweep; see sluice sweep --help`);
  const place = issue.path.map((part) => typeof part === "number" ? part : String(part));
  if (issue.code === "unrecognized_keys") {
    const [key = ""] = issue.keys;
    return file.fault([...place, key], `unknown key ${key}; ${remedyFor(key, knownKeysAt(place))}`);
  }
  const [top = ""] = place;
  // Messages of our own hold the remedy already.
  const isOwn = issue.code === "custom" || issue.message.startsWith("give ");
  const rule = wanted[String(top)] ?? (isOwn ? issue.message : `${issue.message.toLowerCase()}; see the README`);
  if (place.length === 0) return file.fault([], "holds no spec; write keys such as base, grid and seeds");
  return file.fault(place, `${place.join(".")}: ${rule}`);
}
