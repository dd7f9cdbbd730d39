/**
 * Reads what a sweep is to do: YAML whose every fault is named with its line.
 *
 * @module
 */
import { type Document, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } from "yaml";
import { z } from "zod";
import { InvalidInputError } from "../errors.ts";
import { probes, protocols } from "../evaluation/mod.ts";
import { remedyFor } from "../training/nearest.ts";
import { kubernetesSchema, slurmSchema } from "./requests.ts";

/** A value of an option, as YAML has it. */
export type Scalar = string | number | boolean | null;

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const options = z.record(z.string(), scalar);
const seed = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const protocolList = z.array(z.enum(protocols)).min(1);

/** How runs are evaluated: options as those of `sluice evaluate`. */
export const judgingSchema = z.strictObject({
  "protocol": protocolList.default(["knn", "linear"]),
  "probe": z.enum(probes).default("cached"),
  "probe-seeds": z.number().int().min(1).max(1000).default(1),
});

const specSchema = z.strictObject({
  base: options.default({}),
  grid: z.record(z.string(), z.array(scalar).min(1)).optional(),
  runs: z.array(options).min(1).optional(),
  seeds: z.array(seed).min(1).default([0]),
  evaluate: z.union([protocolList.transform((protocol) => judgingSchema.parse({ protocol })), judgingSchema])
    .default(judgingSchema.parse({})),
  retries: z.number().int().min(0).max(100).default(0),
  slurm: slurmSchema.optional(),
  kubernetes: kubernetesSchema.optional(),
});

/** What a spec says, its options not yet checked. */
export type SweepContents = z.infer<typeof specSchema>;

/** How a sweep's runs are evaluated: the options of `sluice evaluate`. */
export type SweepJudging = SweepContents["evaluate"];

/** A place in a document: keys and indexes from its root. */
export type Place = readonly (string | number)[];

/** What is wanted where zod names no more than a kind. */
const wanted: Readonly<Record<string, string>> = {
  base: "give options of pretrain, such as budget: 0.3",
  grid: "give lists by option, such as budget: [0.1, 0.3]",
  runs: "give a list of runs, each with options, such as - budget: 0.3",
  seeds: "give a list of different whole numbers, 0 or more",
  evaluate: `give a list of ${protocols.join(", ")}, or protocol, probe and probe-seeds`,
  retries: "give a whole number from 0 to 100",
};

/** A spec as it was read, with the lines of what it says. */
export class SweepSpec {
  readonly #document: Document;
  readonly #lines: LineCounter;

  private constructor(
    /** The file, for messages. */
    readonly path: string,
    /** The file's text. */
    readonly text: string,
    /** What it says. */
    readonly contents: SweepContents,
    document: Document,
    lines: LineCounter,
  ) {
    this.#document = document;
    this.#lines = lines;
  }

  /**
   * Reads a spec's text.
   *
   * @throws {InvalidInputError} naming the line of what is not YAML, not known, or not of its kind.
   */
  static parse(path: string, text: string): SweepSpec {
    const lines = new LineCounter();
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
    const [error] = document.errors;
    if (error !== undefined) {
      const [first = ""] = error.message.split("\n");
      throw new InvalidInputError(`${path}:${lines.linePos(error.pos[0]).line}: not YAML (${first}); mend the file`);
    }
    const parsed = specSchema.safeParse(document.toJS() ?? {});
    if (!parsed.success) throw faultOf(path, parsed.error.issues[0], (place) => lineAt(document, lines, place));
    const spec = new SweepSpec(path, text, parsed.data, document, lines);
    spec.#checkTogether();
    return spec;
  }

  /**
   * Reads a spec's file.
   *
   * @throws {InvalidInputError} where it cannot be read, or as {@linkcode SweepSpec.parse}.
   */
  static read(path: string): SweepSpec {
    try {
      return SweepSpec.parse(path, Deno.readTextFileSync(path));
    } catch (cause) {
      const { NotFound, IsADirectory, NotADirectory, PermissionDenied } = Deno.errors;
      if (cause instanceof NotFound) throw new InvalidInputError(`${path}: there is no such file; check it`, { cause });
      if ([IsADirectory, NotADirectory, PermissionDenied].some((kind) => cause instanceof kind)) {
        throw new InvalidInputError(`${path}: cannot be read as a file; give the spec of a sweep`, { cause });
      }
      throw cause;
    }
  }

  /** The line, counted from 1, of the nearest thing to a place that the document holds. */
  lineOf(place: Place): number {
    return lineAt(this.#document, this.#lines, place);
  }

  /** An error whose message begins with file and line. */
  fault(place: Place, message: string): InvalidInputError {
    return new InvalidInputError(`${this.path}:${this.lineOf(place)}: ${message}`);
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

/** The line of a place: in a map that of its key, in a list that of the item; of the nearest parent where there is no such thing. */
function lineAt(document: Document, lines: LineCounter, place: Place): number {
  let [node, line]: [unknown, number] = [document.contents, 1];
  for (const part of place) {
    const pair = isMap(node)
      ? node.items.find(({ key }) => isScalar(key) && String(key.value) === String(part))
      : isSeq(node)
      ? { key: node.items[Number(part)], value: node.items[Number(part)] }
      : undefined;
    if (pair === undefined || !isNode(pair.key) || !pair.key.range) break;
    [node, line] = [pair.value, lines.linePos(pair.key.range[0]).line];
  }
  return line;
}

/** The first fault that the schema found, in words. */
function faultOf(
  path: string,
  issue: z.core.$ZodIssue | undefined,
  lineOf: (place: Place) => number,
): InvalidInputError {
  if (issue === undefined) return new InvalidInputError(`${path}: is no spec of a sweep; see sluice sweep --help`);
  const place = issue.path.map((part) => typeof part === "number" ? part : String(part));
  if (issue.code === "unrecognized_keys") {
    const [key = ""] = issue.keys;
    const known = place.length === 0 ? Object.keys(specSchema.shape) : knownKeysAt(place);
    return new InvalidInputError(`${path}:${lineOf([...place, key])}: unknown key ${key}; ${remedyFor(key, known)}`);
  }
  const [top = ""] = place;
  // Messages of our own hold the remedy already.
  const isOwn = issue.code === "custom" || issue.message.startsWith("give ");
  const rule = wanted[String(top)] ?? (isOwn ? issue.message : `${issue.message.toLowerCase()}; see the README`);
  if (place.length === 0) {
    return new InvalidInputError(`${path}:1: holds no spec; write keys such as base, grid and seeds`);
  }
  const named = place.join(".");
  return new InvalidInputError(`${path}:${lineOf(place)}: ${named}: ${rule}`);
}

function knownKeysAt([top]: Place): readonly string[] {
  if (top === "slurm") return Object.keys(slurmSchema.shape);
  if (top === "kubernetes") return Object.keys(kubernetesSchema.shape);
  return top === "evaluate" ? Object.keys(judgingSchema.shape) : [];
}
