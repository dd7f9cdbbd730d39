/**
 * Plans the runs of a spec, each with its whole configuration and a name that says what varies.
 *
 * @module
 */
import { resolve } from "@std/path";
import { type InvalidInputError, InvalidOptionError } from "../errors.ts";
import { type ConfigSources, resolveConfig, type RunConfig } from "../config/config.ts";
import { type ConfigFile, configOfKeys, withHomePaths } from "../config/config_file.ts";
import { gateOptions, kebabCase, pathOptions, runOptionNames } from "../config/options.ts";
import { plainName } from "../formats/mod.ts";
import { describeVaried, faultOfName, foldedName, quoteName } from "./run_names.ts";
import type { Place, Scalar, SweepSpec } from "./spec.ts";

/** One run of a sweep. */
export interface PlannedRun {
  /** Name of the run's folder, made from what varies: `budget=0.3,seed=1`. */
  readonly name: string;
  /** The varied options by their kebab-case keys, without the seed. */
  readonly varied: Readonly<Record<string, Scalar>>;
  /** All options of the run. */
  readonly config: RunConfig;
}

/** A run that knows the place of each of its options in the spec. */
export interface TracedRun extends PlannedRun {
  /** The flags, the file and the fitted defaults that its options were resolved from. */
  readonly sources: ConfigSources;
  /** The place of an option, named in camelCase; the place of the run if the spec does not set the option. */
  placeOf(option: string): Place;
}

/** The options of a run without its seed, each with its place in the spec. */
interface Variation {
  readonly name: string | null;
  readonly options: Readonly<Record<string, Scalar>>;
  readonly places: Readonly<Record<string, Place>>;
  readonly place: Place;
}

/** Largest number of runs: a few more keys in a grid make millions of combinations, too many even to list. */
const MOST_RUNS = 10_000;

/** All combinations of a grid's values. The last key varies fastest. */
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
  if (count > MOST_RUNS) throw spec.fault(["grid"], `grid: has ${count} runs; give at most ${MOST_RUNS}`);
  if (grid !== undefined) return combinations(grid);
  const written = runs ?? [{}];
  return written.map(({ name = null, ...options }, index) => ({
    name: name === null ? null : String(name),
    options,
    places: Object.fromEntries(Object.keys(options).map((key) => [key, ["runs", index, key]])),
    place: ["runs", index],
  }));
}

/** Makes paths absolute, relative to the current folder: another process may start the runs elsewhere. */
function withWholePaths(config: RunConfig): RunConfig {
  const whole = pathOptions.map((name) => [name, config[name] === null ? null : resolve(config[name])]);
  return { ...config, ...Object.fromEntries(whole) };
}

/** Plans runs from a spec and from the options that the command line gives all runs. */
class Planner {
  readonly #spec: SweepSpec;
  readonly #flags: Readonly<Record<string, unknown>>;

  constructor(spec: SweepSpec, flags: Readonly<Record<string, unknown>>) {
    this.#spec = spec;
    this.#flags = flags;
  }

  /** The runs of a variation, one for each seed. */
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

  /**
   * The name in the spec or the varied options, followed by the seed.
   *
   * @param seed null if all runs have the same seed.
   */
  #nameOf({ name, place }: Variation, varied: PlannedRun["varied"], seed: number | null): string {
    const own = name === null ? null : plainName(name);
    const stem = own ?? describeVaried(varied);
    const whole = plainName([...(stem === "" ? [] : [stem]), ...(seed === null ? [] : [`seed=${seed}`])].join(","));
    // Check the spec's name alone, too: a seed must not hide that it is empty.
    const fault = (own === null ? null : faultOfName(own)) ?? faultOfName(whole || "run");
    if (fault === null) return whole || "run";
    const [written, line] = name === null ? [whole, place] : [name, [...place, "name"]];
    throw this.#spec.fault(line, `name ${quoteName(written)}: ${fault}`);
  }

  /** The options in the form of a configuration file, with their lines for messages. */
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

/** Resolves a run again with other defaults for the options that nobody set. */
export function refitted(run: TracedRun, fitted: Readonly<Partial<RunConfig>>): TracedRun {
  const sources = { ...run.sources, fitted };
  return { ...run, sources, config: withWholePaths(resolveConfig(sources)) };
}

/** Adds the spec's file and line to an error's message, unless the message begins with the file already. */
export function locate(spec: SweepSpec, place: Place, error: InvalidInputError): InvalidInputError {
  return error.message.startsWith(`${spec.path}:`) ? error : spec.fault(place, error.message);
}

/** The options of a variation that affect its run: a vanilla run ignores the options of gates. */
function variedOf({ options }: Variation, { mode }: RunConfig): Record<string, Scalar> {
  const ignored: readonly string[] = mode === "vanilla" ? gateOptions.map(kebabCase) : [];
  return Object.fromEntries(Object.entries(options).filter(([key]) => !ignored.includes(key)));
}

/** Whether a grid's combination may repeat another one, because its run ignores an option. */
function isRepetition({ place, options }: Variation, { varied }: TracedRun): boolean {
  return place[0] === "grid" && Object.keys(options).length > Object.keys(varied).length;
}

/** The message for two runs whose names are equal, at least on some file systems. */
function faultOfPair(name: string, other: string): string {
  if (name === other) return `${name}: two runs have this name; vary an option or give one of them a name`;
  return `${name}: has the same folder as run ${other} on file systems that ignore case or the encoding of accents; ` +
    "give one of them another name";
}

/**
 * Resolves every run of a spec. A run without gates is the same at every budget, so the plan has it once.
 *
 * @param flags options that the command line gives all runs, by their camelCase names.
 * @throws {InvalidInputError} naming the line if an option is unknown or wrong, a run's name is invalid or taken, or
 * the grid is too large.
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
