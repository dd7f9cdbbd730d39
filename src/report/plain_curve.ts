/**
 * The curve of plain networks: the accuracy that a vanilla network of a given cost reaches in a sweep. A smaller plain
 * network is the simplest alternative to a gated network.
 *
 * @module
 */
import type { RunConfig } from "../config/options.ts";
import type { Spread } from "../sweep/spread.ts";
import type { Measure, Outcome } from "./outcomes.ts";

/** A point of the curve. */
interface PlainPoint {
  /** Millions of MACs per image. */
  readonly cost: number;
  /** Accuracy in percent. */
  readonly accuracy: number;
}

/** Two networks that differ in one of these options are not alternatives, or did not have the same training. */
const sharedOptions = [
  "dataset",
  "data",
  "classList",
  "trainImages",
  "testImages",
  "imageSize",
  "arch",
  "stem",
  "objective",
  "epochs",
  "batch",
  // It doubles the work of a step, and no vanilla run has it.
  "symmetric",
] as const satisfies readonly (keyof RunConfig)[];

function settingOf({ configuration: { runs: [{ config }] } }: Outcome): string {
  return JSON.stringify(sharedOptions.map((name) => config[name]));
}

/** For each cost the most accurate network, by rising cost. */
function bestByCost(points: readonly PlainPoint[]): PlainPoint[] {
  const best = new Map<number, number>();
  for (const { cost, accuracy } of points) best.set(cost, Math.max(accuracy, best.get(cost) ?? -Infinity));
  return [...best].map(([cost, accuracy]) => ({ cost, accuracy })).sort((one, other) => one.cost - other.cost);
}

/** Interpolates between the two points around a cost, linearly in the logarithm of the cost. */
function interpolate(points: readonly PlainPoint[], cost: number): number | null {
  const next = points.findIndex((point) => point.cost >= cost);
  const [above, below] = [points[next], points[next - 1]];
  if (above === undefined) return null;
  if (above.cost === cost) return above.accuracy;
  if (below === undefined) return null;
  const weight = Math.log(cost / below.cost) / Math.log(above.cost / below.cost);
  return below.accuracy + weight * (above.accuracy - below.accuracy);
}

/**
 * The curves of a sweep's plain networks, one for each setting: networks are compared only if they share data,
 * objective, architecture, epochs and batch.
 */
export class PlainCurves {
  readonly #curves: ReadonlyMap<string, readonly PlainPoint[]>;

  /**
   * Reads the vanilla networks. At each cost the configuration with the best mean accuracy counts, because a width may
   * have been trained in several ways.
   *
   * @param outcomes all networks of the sweep.
   */
  constructor(outcomes: readonly Outcome[], readonly measure: Measure) {
    const groups = Map.groupBy(outcomes.filter(({ series }) => series === "vanilla"), settingOf);
    const curves = [...groups].map(([setting, group]): [string, PlainPoint[]] => {
      const points = group.flatMap(({ megaMacs, [measure]: accuracy }) => {
        return megaMacs === null || accuracy === null ? [] : [{ cost: megaMacs.mean, accuracy: accuracy.mean }];
      });
      return [setting, bestByCost(points)];
    });
    this.#curves = new Map(curves.filter(([, points]) => points.length > 1));
  }

  /** Whether no setting has plain networks of two costs, so that nothing can be compared. */
  get isEmpty(): boolean {
    return this.#curves.size === 0;
  }

  /**
   * Points by which a network's mean accuracy exceeds that of a plain network of its cost. Null for plain networks,
   * which make the curve, and for a cost outside the curve.
   */
  above(outcome: Outcome): number | null {
    return outcome.series === "vanilla" ? null : this.aboveAt(outcome, outcome.megaMacs, outcome[this.measure]);
  }

  /**
   * As {@linkcode PlainCurves.above}, for a variant of a network with a cost and an accuracy of its own.
   *
   * @param cost millions of MACs per image.
   * @param accuracy in percent.
   */
  aboveAt(outcome: Outcome, cost: Spread | null, accuracy: Spread | null): number | null {
    if (cost === null || accuracy === null) return null;
    const plain = interpolate(this.#curves.get(settingOf(outcome)) ?? [], cost.mean);
    return plain === null ? null : accuracy.mean - plain;
  }
}

/** A difference of accuracies in points with its sign, `+4.6`. */
export function formatPoints(points: number): string {
  const text = Math.abs(points).toFixed(1);
  if (Number(text) === 0) return text;
  return `${points < 0 ? "−" : "+"}${text}`;
}
