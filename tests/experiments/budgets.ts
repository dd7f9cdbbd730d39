/**
 * Which cost a budget comes to: the default rule beside the published one.
 *
 * @module
 */
import { type Cell, type Experiment, markdown } from "./experiment.ts";

const TARGETS = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];
/** Those of which both rules are shown, made first. */
const COMPARED = [0.1, 0.3, 0.5, 0.7, 0.9];

const runs = [
  ...["default", "paper"].flatMap((rule) => COMPARED.map((target) => ({ rule, target }))),
  ...TARGETS.filter((target) => !COMPARED.includes(target)).map((target) => ({ rule: "default", target })),
];

/** Runs of preset `small` at every budget. */
export const budgets: Experiment = {
  name: "budgets",
  description: "preset small on CIFAR-10: evaluated cost by budget, the default rule beside the published one",
  cells(data): Cell[] {
    return runs.map(({ rule, target }) => ({
      name: `${rule}-${target}`,
      pretrain: [
        ...["--preset", "small", "--dataset", "cifar10", "--data", data, "--eval-every", "0"],
        ...["--budget", String(target), "--budget-rule", rule],
      ],
    }));
  },
  table(evaluations): string {
    const shareOf = (rule: string, target: number) =>
      evaluations.get(`${rule}-${target}`)?.networks["gated"]?.cost.share.toFixed(4) ?? "-";
    return markdown(
      ["budget", "default rule", "published rule"],
      TARGETS.map((target) => [String(target), shareOf("default", target), shareOf("paper", target)]),
    );
  },
};
