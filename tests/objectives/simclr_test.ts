/**
 * SimCLR against its formula in float64.
 *
 * @module
 */
import { simclr } from "../../src/objectives/mod.ts";
import { average, checkObjective, cosine, type Formula, shapes } from "./comparison.ts";

function ntXent(temperature: number): Formula {
  return ({ a, b }) => {
    const z = [...a, ...b];
    const losses = z.map((row, i) => {
      const partner = (i + a.length) % z.length;
      const others = z.map((other, j) => j === i ? 0 : Math.exp(cosine(row, other) / temperature));
      return Math.log(others.reduce((total, value) => total + value, 0)) - cosine(row, z[partner]) / temperature;
    });
    return { loss: average(losses), contrast: average(losses) };
  };
}

for (const { label, rows, columns } of shapes) {
  Deno.test(`simclr equals its formula with ${label}, and so do its gradients`, () => {
    checkObjective({ make: () => simclr(), formula: ntXent(0.2), rows, columns });
  });
}

Deno.test("simclr takes another temperature", () => {
  checkObjective({ make: () => simclr({ temperature: 0.05 }), formula: ntXent(0.05), rows: 7, columns: 6 });
});
