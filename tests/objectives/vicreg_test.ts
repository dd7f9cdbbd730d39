/**
 * VICReg against its formula in float64.
 *
 * @module
 */
import { vicreg } from "../../src/objectives/mod.ts";
import { checkObjective, type Rows } from "./comparison.ts";
import { covariances, decorrelationFormula, squaresOffDiagonal } from "./decorrelation.ts";

const formula = decorrelationFormula(1, (view: Rows) => squaresOffDiagonal(covariances(view)) / (view[0]?.length ?? 0));

/** Sums and products alone: every element of the gradients, nearer than a norm or a predictor would let it be. */
const nearness = { gradient: 1e-10, value: 1e-7, probes: Infinity };

for (
  const { label, rows, columns } of [
    { label: "more images than dimensions", rows: 24, columns: 7 },
    { label: "more dimensions than images", rows: 7, columns: 24 },
    { label: "as many of both", rows: 9, columns: 9 },
    { label: "two images", rows: 2, columns: 5 },
  ]
) {
  Deno.test(`vicreg equals its formula with ${label}, and so do its gradients`, () => {
    checkObjective({ make: () => vicreg(), formula, rows, columns, nearness });
  });
}
