/**
 * What each objective teaches both networks in five epochs, beside the same networks untrained.
 *
 * @module
 */
import { objectiveNames } from "../../src/objectives/mod.ts";
import { type Cell, type Experiment, markdown, type NetworkFigures } from "./experiment.ts";

function top1(figures: NetworkFigures | undefined): number | undefined {
  return figures?.linear?.top1;
}

/** `44.2 (+8.1)`: an accuracy, and what it is over another. */
function gained(value: number | undefined, before: number | undefined): string {
  if (value === undefined || before === undefined) return "-";
  const gain = value - before;
  return `${value.toFixed(1)} (${gain < 0 ? "-" : "+"}${Math.abs(gain).toFixed(1)})`;
}

/** Five epochs of preset `small` in `dual` mode with every objective. */
export const objectives: Experiment = {
  name: "objectives",
  description: "preset small on CIFAR-10, 5 epochs: the probe of both networks by objective, beside untrained ones",
  cells(data): Cell[] {
    return objectiveNames.map((objective) => ({
      name: objective,
      pretrain: [
        ...["--preset", "small", "--dataset", "folder", "--data", data, "--image-size", "32", "--eval-every", "0"],
        ...["--epochs", "5", "--objective", objective],
      ],
    }));
  },
  table(evaluations): string {
    const rows = objectiveNames.flatMap((objective) => {
      const found = evaluations.get(objective);
      if (found === undefined) return [];
      const { networks, references: { untrained } } = found;
      const probes = ["dense", "gated"].map((name) => gained(top1(networks[name]), top1(untrained[name])));
      return [[objective, ...probes, networks["gated"]?.cost.share.toFixed(3) ?? "-"]];
    });
    return markdown(["objective", "dense probe %", "gated probe %", "cost share"], rows);
  },
};
