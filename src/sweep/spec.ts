/**
 * Reads the spec of a sweep from YAML, and names the line of every fault.
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
import type { Precision } from "../tensor/mod.ts";
import { knownKeysAt, specSchema } from "./spec_schema.ts";

/** A value of an option as YAML parses it. */
export type Scalar = string | number | boolean | null;

/** The options of `sluice evaluate` for a sweep's runs. */
export interface SweepJudging {
  /** Protocols of the evaluation. */
  readonly protocol: readonly Protocol[];
  /** Kind of the linear probe. */
  readonly probe: Probe;
  /** Number of linear probes to average. */
  readonly "probe-seeds": number;
  /** The precision of the networks' passes. */
  readonly precision: Precision;
}

/** The contents of a spec. The runs' options are not checked yet. */
export interface SweepContents {
  /** Options of all runs by kebab-case key. */
  readonly base: Readonly<Record<string, Scalar>>;
  /** Lists of values by option; every combination is a run. */
  readonly grid?: Readonly<Record<string, readonly Scalar[]>> | undefined;
  /** Options of each run; `name` sets the name of its folder. */
  readonly runs?: readonly Readonly<Record<string, Scalar>>[] | undefined;
  /** Seeds; every combination is repeated with each of them. */
  readonly seeds: readonly number[];
  /** Options of the evaluation. */
  readonly evaluate: SweepJudging;
  /** How often a failed run is retried. */
  readonly retries: number;
  /** Request to Slurm. */
  readonly slurm?: SlurmRequest | undefined;
  /** Request to Kubernetes. */
  readonly kubernetes?: KubernetesRequest | undefined;
}

/** A place in a spec: keys and indexes from its root. */
export type Place = YamlPlace;

/** Remedies by section, for faults that zod describes only by a type. */
const wanted: Readonly<Record<string, string>> = {
  base: "give options of pretrain, such as budget: 0.3",
  grid: "give lists by option, such as budget: [0.1, 0.3]",
  runs: "give a list of runs, each with options, such as - budget: 0.3",
  seeds: "give a list of different whole numbers, 0 or more and below 2^53",
  evaluate: `give a list of ${protocols.join(", ")}, or protocol, probe, probe-seeds and precision`,
  retries: "give a whole number from 0 to 100",
};

/** A parsed spec that knows the line of each of its parts. */
export class SweepSpec {
  readonly #file: YamlFile;

  private constructor(
    file: YamlFile,
    /** Text of the file. */
    readonly text: string,
    /** The parsed contents, with defaults. */
    readonly contents: SweepContents,
  ) {
    this.#file = file;
  }

  /** Path of the file, for messages. */
  get path(): string {
    return this.#file.path;
  }

  /**
   * Parses the text of a spec.
   *
   * @throws {InvalidInputError} naming the line if the text is not YAML, a key is unknown, or a value has a wrong type.
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
   * Reads and parses a spec's file.
   *
   * @throws {InvalidInputError} if the file cannot be read, or as {@linkcode SweepSpec.parse}.
   */
  static read(path: string): SweepSpec {
    return SweepSpec.parse(path, readNamedFile(path, "give the spec of a sweep"));
  }

  /** The line of a place, from 1; if the place does not exist, the line of its nearest existing parent. */
  lineOf(place: Place): number {
    return this.#file.lineOf(place);
  }

  /** Makes an error whose message begins with file and line. */
  fault(place: Place, message: string): InvalidInputError {
    return this.#file.fault(place, message);
  }

  #checkDifferent(place: Place, values: readonly Scalar[]): void {
    const repeated = values.findIndex((value, index) => values.indexOf(value) !== index);
    if (repeated < 0) return;
    throw this.fault([...place, repeated], `${place.at(-1)}: ${values[repeated]} is listed twice; remove one`);
  }

  #checkTogether(): void {
    const { grid, runs, seeds, base } = this.contents;
    if (grid !== undefined && runs !== undefined) {
      throw this.fault(["runs"], "runs with grid: remove one of them");
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
      if (place.at(-1) === "seed") throw this.fault(place, "seed: seeds apply to all runs; write seeds: [0, 1]");
      if (place.at(-1) === "out") throw this.fault(place, "out: the varied options name the runs; remove it");
    }
  }
}

/** The message for the first fault that the schema found. */
function faultOf(file: YamlFile, issue: z.core.$ZodIssue | undefined): InvalidInputError {
  if (issue === undefined) {
    return new InvalidInputError(`${file.path}: is not a spec of a sweep; see sluice sweep --help`);
  }
  const place = issue.path.map((part) => typeof part === "number" ? part : String(part));
  if (issue.code === "unrecognized_keys") {
    const [key = ""] = issue.keys;
    return file.fault([...place, key], `unknown key ${key}; ${remedyFor(key, knownKeysAt(place))}`);
  }
  const [top = ""] = place;
  // Our own messages contain the remedy already.
  const isOwn = issue.code === "custom" || issue.message.startsWith("give ");
  const rule = wanted[String(top)] ?? (isOwn ? issue.message : `${issue.message.toLowerCase()}; see the README`);
  if (place.length === 0) return file.fault([], "contains no spec; write keys such as base, grid and seeds");
  return file.fault(place, `${place.join(".")}: ${rule}`);
}
