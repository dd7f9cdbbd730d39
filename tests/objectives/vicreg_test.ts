/**
 * VICReg against its formula in float64.
 *
 * @module
 */
import { vicreg } from "../../src/objectives/mod.ts";
import { checkObjective, type Rows, shapes } from "./comparison.ts";
import { covariances, decorrelationFormula, squaresOffDiagonal } from "./decorrelation.ts";

const formula = decorrelationFormula(1, (view: Rows) => squaresOffDiagonal(covariances(view)) / (view[0]?.length ?? 0));

for (const { label, rows, columns } of [...shapes, { label: "as many of both", rows: 9, columns: 9 }]) {
  Deno.test(`vicreg equals its formula with ${label}, and so do its gradients`, () => {
    checkObjective({ make: () => vicreg(), formula, rows, columns });
  });
}
