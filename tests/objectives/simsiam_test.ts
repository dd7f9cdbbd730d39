/**
 * SimSiam against its formula in float64, the stopped gradients taken as constants.
 *
 * @module
 */
import { simsiam } from "../../src/objectives/mod.ts";
import { average, checkObjective, cosine, type Formula, predicted, roundingOf, shapes } from "./comparison.ts";

const formula: Formula = (comparison) => {
  const { a, b, targetA, targetB } = comparison;
  const [fromA, fromB] = [predicted(comparison, a), predicted(comparison, b)];
  const one = average(fromA.map((row, n) => cosine(row, targetB[n])));
  const two = average(fromB.map((row, n) => cosine(row, targetA[n])));
  return { cosine: (one + two) / 2, loss: -(one + two) / 2 };
};

for (const { label, rows, columns } of shapes) {
  Deno.test(`simsiam equals its formula with ${label}, and so do its gradients`, () => {
    checkObjective({ make: simsiam, formula, rows, columns, ...roundingOf(rows) });
  });
}
