/**
 * Barlow Twins against its formula in float64.
 *
 * @module
 */
import { barlowTwins } from "../../src/objectives/mod.ts";
import { checkObjective, type Formula, roundingOf, shapes, standardised } from "./comparison.ts";

const formula: Formula = ({ a, b }) => {
  const [one, two] = [standardised(a), standardised(b)];
  const size = one[0]?.length ?? 0;
  let [onDiagonal, offDiagonal] = [0, 0];
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      let correlation = 0;
      one.forEach((row, n) => correlation += (row[i] ?? NaN) * (two[n]?.[j] ?? NaN) / one.length);
      if (i === j) onDiagonal += (1 - correlation) ** 2;
      else offDiagonal += correlation ** 2;
    }
  }
  return { onDiagonal, offDiagonal, loss: 0.024 * (onDiagonal + 0.0051 * offDiagonal) };
};

for (const { label, rows, columns } of shapes) {
  Deno.test(`barlow twins equals its formula with ${label}, and so do its gradients`, () => {
    checkObjective({ make: () => barlowTwins(), formula, rows, columns, ...roundingOf(rows) });
  });
}
