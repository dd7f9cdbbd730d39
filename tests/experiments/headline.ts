/**
 * The paper's table for CIFAR-10 at the size of preset `small`: both baselines and the method at three budgets, three seeds each.
 *
 * @module
 */
import {
  type AccuracyFigures,
  type Cell,
  type CellEvaluation,
  type Experiment,
  markdown,
  meanAndDeviation,
} from "./experiment.ts";

const SEEDS = [0, 1, 2];
const BUDGETS = [0.1, 0.3, 0.5];

/** The cells of the table: a mode, and its budget where it has one. */
const kinds = [
  { mode: "vanilla", budget: null },
  ...["gated", "dual"].flatMap((mode) => BUDGETS.map((budget) => ({ mode, budget }))),
];

function cellName(mode: string, budget: number | null, seed: number): string {
  return [mode, ...(budget === null ? [] : [budget]), `seed${seed}`].join("-");
}

/** The evaluations of a kind that are there. */
function ofKind(
  evaluations: ReadonlyMap<string, CellEvaluation>,
  { mode, budget }: typeof kinds[number],
): CellEvaluation[] {
  return SEEDS.flatMap((seed) => evaluations.get(cellName(mode, budget, seed)) ?? []);
}

function accuracies(figures: readonly (AccuracyFigures | undefined)[]): string[] {
  return [
    meanAndDeviation(figures.map((of) => of?.knn20), 1),
    meanAndDeviation(figures.map((of) => of?.linear?.top1), 1),
  ];
}

/** The table of the paper, and the figures that it has to clear. */
export const headline: Experiment = {
  name: "headline",
  description: "preset small on CIFAR-10: vanilla, gated and dual at budgets of 0.1, 0.3 and 0.5, three seeds each",
  cells(data): Cell[] {
    return SEEDS.flatMap((seed) =>
      kinds.map(({ mode, budget }) => ({
        name: cellName(mode, budget, seed),
        pretrain: [
          ...["--preset", "small", "--dataset", "folder", "--data", data, "--image-size", "32", "--eval-every", "0"],
          ...["--mode", mode, "--seed", String(seed)],
          ...(budget === null ? [] : ["--budget", String(budget)]),
        ],
      }))
    );
  },
  table(evaluations): string {
    const rows = kinds.flatMap((kind) => {
      const found = ofKind(evaluations, kind);
      return (["dense", "gated"] as const).flatMap((network) => {
        const figures = found.map(({ networks }) => networks[network]).filter((of) => of !== undefined);
        if (figures.length === 0) return [];
        const cost = meanAndDeviation(figures.map((of) => of.cost.share), 3);
        return [[kind.mode, network, String(kind.budget ?? "-"), cost, ...accuracies(figures), String(figures.length)]];
      });
    });
    const all = [...evaluations.values()];
    const untrained = (["dense", "gated"] as const).map((network) => {
      const figures = all.map(({ references }) => references.untrained[network]).filter((of) => of !== undefined);
      return ["untrained", network, "-", "-", ...accuracies(figures), String(figures.length)];
    });
    const raw = [
      "raw pixels",
      "-",
      "-",
      "-",
      ...accuracies(all.slice(0, 1).map(({ references }) => references.rawPixels)),
    ];
    return markdown(
      ["mode", "network", "budget", "cost share", "20-NN %", "probe %", "runs"],
      [...rows, ...untrained, [...raw, "-"]],
    );
  },
};
