/**
 * The runs that a spec comes to, each with its whole configuration and a name of what varies.
 *
 * @module
 */
import { resolve } from "@std/path";
import { type InvalidInputError, InvalidOptionError } from "../errors.ts";
import { type ConfigSources, resolveConfig, type RunConfig } from "../config/config.ts";
import { type ConfigFile, configOfKeys, withHomePaths } from "../config/config_file.ts";
import { gateOptions, kebabCase, pathOptions, runOptionNames } from "../config/options.ts";
import { describeVaried, faultOfName, foldedName, folderName, quoteName } from "./run_names.ts";
import type { Place, Scalar, SweepSpec } from "./spec.ts";

/** One run of a sweep. */
export interface PlannedRun {
  /** Name of its folder: what varies, `budget=0.3,seed=1` for one. */
  readonly name: string;
  /** What varies, by the options' keys; the seed is not among them. */
  readonly varied: Readonly<Record<string, Scalar>>;
  /** All of its options. */
  readonly config: RunConfig;
}

/** A run, with the place in the spec of each of its options. */
export interface TracedRun extends PlannedRun {
  /** What its options were resolved from. */
  readonly sources: ConfigSources;
  /** Where an option, named in camelCase, was written; the run itself if it was not. */
  placeOf(option: string): Place;
}

/** The options of a run before seeds are given out, and where each is. */
interface Variation {
  readonly name: string | null;
  readonly options: Readonly<Record<string, Scalar>>;
  readonly places: Readonly<Record<string, Place>>;
  readonly place: Place;
}

/** Combinations of a grid at most: a few keys more make millions, which no machine can even list. */
const MOST_RUNS = 10_000;

/** All combinations of the values of a grid, those of its last key changing fastest. */
function combinations(grid: Readonly<Record<string, readonly Scalar[]>>): Variation[] {
  const start: Variation[] = [{ name: null, options: {}, places: {}, place: ["grid"] }];
  return Object.entries(grid).reduce((variations, [key, values]) => {
    return variations.flatMap(({ options, places, ...rest }) =>
      values.map((value, index) => ({
        ...rest,
        options: { ...options, [key]: value },
        places: { ...places, [key]: ["grid", key, index] },
      }))
    );
  }, start);
}

function variationsOf(spec: SweepSpec): Variation[] {
  const { grid, runs, seeds } = spec.contents;
  const count = Object.values(grid ?? {}).reduce((product, values) => product * values.length, seeds.length);
  if (count > MOST_RUNS) throw spec.fault(["grid"], `grid: comes to ${count} runs; give at most ${MOST_RUNS}`);
  if (grid !== undefined) return combinations(grid);
  const written = runs ?? [{}];
  return written.map(({ name = null, ...options }, index) => ({
    name: name === null ? null : String(name),
    options,
    places: Object.fromEntries(Object.keys(options).map((key) => [key, ["runs", index, key]])),
    place: ["runs", index],
  }));
}

/** Paths are taken from where the sweep is begun: its runs may be started elsewhere. */
function withWholePaths(config: RunConfig): RunConfig {
  const whole = pathOptions.map((name) => [name, config[name] === null ? null : resolve(config[name])]);
  return { ...config, ...Object.fromEntries(whole) };
}

/** A spec and the options that the command line gives all of its runs. */
class Planner {
  readonly #spec: SweepSpec;
  readonly #flags: Readonly<Record<string, unknown>>;

  constructor(spec: SweepSpec, flags: Readonly<Record<string, unknown>>) {
    this.#spec = spec;
    this.#flags = flags;
  }

  /** The runs of one variation, one a seed. */
  runs(variation: Variation): TracedRun[] {
    const { base, seeds } = this.#spec.contents;
    const places: Record<string, Place> = {
      ...Object.fromEntries(Object.keys(base).map((key) => [key, ["base", key]])),
      ...variation.places,
    };
    const placeOf = (option: string) => places[kebabCase(option)] ?? variation.place;
    const file = this.#fileOf({ ...base, ...variation.options }, places);
    return seeds.map((seed) => {
      const sources = { flags: { ...this.#flags, seed }, file };
      const config = this.#located(placeOf, () => resolveConfig(sources));
      const varied = variedOf(variation, config);
      const name = this.#nameOf(variation, varied, seeds.length > 1 ? seed : null);
      return { name, varied, config: withWholePaths(config), sources, placeOf };
    });
  }

  /** The run's own name, or what varies; and the seed, unless it is null: all runs have the same one then. */
  #nameOf({ name, place }: Variation, varied: PlannedRun["varied"], seed: number | null): string {
    const own = name === null ? null : folderName(name);
    const named = own ?? describeVaried(varied);
    const whole = folderName([...(named === "" ? [] : [named]), ...(seed === null ? [] : [`seed=${seed}`])].join(","));
    // A seed makes no name of none.
    const fault = (own === null ? null : faultOfName(own)) ?? faultOfName(whole || "run");
    if (fault === null) return whole || "run";
    const [written, line] = name === null ? [whole, place] : [name, [...place, "name"]];
    throw this.#spec.fault(line, `name ${quoteName(written)}: ${fault}`);
  }

  /** The options as a configuration file would give them, with their lines. */
  #fileOf(options: Readonly<Record<string, Scalar>>, places: Readonly<Record<string, Place>>): ConfigFile {
    const known = Object.keys(options).map((key) => {
      const place = places[key] ?? [];
      return configOfKeys(`${this.#spec.path}:${this.#spec.lineOf(place)}`, { [key]: options[key] });
    });
    const presets = known.flatMap(({ preset }) => preset ?? []);
    const lines = runOptionNames.flatMap((name) => {
      const place = places[kebabCase(name)];
      return place === undefined ? [] : [[name, this.#spec.lineOf(place)] as const];
    });
    return withHomePaths({
      path: this.#spec.path,
      options: Object.assign({}, ...known.map((file) => file.options)),
      lines: Object.fromEntries(lines),
      ...(presets[0] === undefined ? {} : { preset: presets[0] }),
    });
  }

  #located<T>(placeOf: (option: string) => Place, work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof InvalidOptionError)) throw error;
      throw locate(this.#spec, placeOf(error.option), error);
    }
  }
}

/** A run with other defaults for the options that nobody gave. */
export function refitted(run: TracedRun, fitted: Readonly<Partial<RunConfig>>): TracedRun {
  const sources = { ...run.sources, fitted };
  return { ...run, sources, config: withWholePaths(resolveConfig(sources)) };
}

/** An error that begins with file and line, which those of single options do already. */
export function locate(spec: SweepSpec, place: Place, error: InvalidInputError): InvalidInputError {
  return error.message.startsWith(`${spec.path}:`) ? error : spec.fault(place, error.message);
}

/** What of a variation makes a difference to its run. */
function variedOf({ options }: Variation, { mode }: RunConfig): Record<string, Scalar> {
  const idle: readonly string[] = mode === "vanilla" ? gateOptions.map(kebabCase) : [];
  return Object.fromEntries(Object.entries(options).filter(([key]) => !idle.includes(key)));
}

/** Whether a combination of a grid differs from others only in what its run has no use for. */
function isRepetition({ place, options }: Variation, { varied }: TracedRun): boolean {
  return place[0] === "grid" && Object.keys(options).length > Object.keys(varied).length;
}

/** Why a run may not have a name beside that of another run, which some file systems take for the same; with the remedy. */
function faultOfPair(name: string, other: string): string {
  if (name === other) return `${name}: another run has that name; vary something, or give it a name`;
  return `${name}: is the same folder as run ${other} on file systems that ignore case or accents' spelling; give another name`;
}

/**
 * Resolves every run of a spec. Runs without gates are the same at every budget, and are there once.
 *
 * @param flags options that the command line gives all runs, by their camelCase names.
 * @throws {InvalidInputError} naming the line of an option that is not known or wrong, of a run whose name cannot be a folder's or that
 * another run has, or of a grid that is too large.
 */
export function planSweep(spec: SweepSpec, flags: Readonly<Record<string, unknown>> = {}): TracedRun[] {
  const planner = new Planner(spec, flags);
  const byName = new Map<string, TracedRun>();
  for (const variation of variationsOf(spec)) {
    for (const run of planner.runs(variation)) {
      const folded = foldedName(run.name);
      const first = byName.get(folded);
      if (first === undefined) byName.set(folded, run);
      else if (first.name !== run.name || !isRepetition(variation, run)) {
        throw spec.fault(variation.place, faultOfPair(run.name, first.name));
      }
    }
  }
  return [...byName.values()];
}
