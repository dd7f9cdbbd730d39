/**
 * Which cost a budget comes to: the default rule beside the published one.
 *
 * @module
 */
import { type Cell, type Experiment, markdown } from "./experiment.ts";

const rules = { default: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9], paper: [0.1, 0.3, 0.5, 0.7, 0.9] } as const;

/** Runs of preset `small` at every budget. */
export const budgets: Experiment = {
  name: "budgets",
  description: "preset small on CIFAR-10: evaluated cost by budget, the default rule beside the published one",
  cells(data): Cell[] {
    return Object.entries(rules).flatMap(([rule, targets]) =>
      targets.map((target) => ({
        name: `${rule}-${target}`,
        pretrain: [
          ...["--preset", "small", "--dataset", "cifar10", "--data", data, "--eval-every", "0"],
          ...["--budget", String(target), "--budget-rule", rule],
        ],
      }))
    );
  },
  table(evaluations): string {
    const shareOf = (rule: string, target: number) =>
      evaluations.get(`${rule}-${target}`)?.networks["gated"]?.cost.share.toFixed(4) ?? "-";
    return markdown(
      ["budget", "default rule", "published rule"],
      rules.default.map((target) => [String(target), shareOf("default", target), shareOf("paper", target)]),
    );
  },
};
