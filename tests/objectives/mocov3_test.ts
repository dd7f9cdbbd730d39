/**
 * MoCo v3 against its formula in float64.
 *
 * @module
 */
import { mocov3 } from "../../src/objectives/mod.ts";
import {
  average,
  checkObjective,
  cosine,
  type Formula,
  predicted,
  roundingOf,
  type Rows,
  shapes,
} from "./comparison.ts";

function contrast(queries: Rows, keys: Rows): number {
  return average(queries.map((query, n) => {
    const others = keys.map((key) => Math.exp(cosine(query, key) / 0.2));
    return Math.log(others.reduce((total, value) => total + value, 0)) - cosine(query, keys[n]) / 0.2;
  }));
}

const formula: Formula = (comparison) => {
  const { a, b, targetA, targetB } = comparison;
  const one = contrast(predicted(comparison, a), targetB);
  const two = contrast(predicted(comparison, b), targetA);
  return { contrast: (one + two) / 2, loss: 2 * 0.2 * (one + two) };
};

for (const { label, rows, columns } of shapes) {
  Deno.test(`mocov3 equals its formula with ${label}, and so do its gradients`, () => {
    checkObjective({ make: (parts) => mocov3(parts), formula, rows, columns, ...roundingOf(rows) });
  });
}
