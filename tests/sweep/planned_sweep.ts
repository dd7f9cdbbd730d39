/**
 * Makes a sweep's folder whose runs have not started.
 *
 * @module
 */
import { planSweep, SweepFolder, type SweepPlan, SweepSpec } from "../../src/sweep/mod.ts";

/** A spec of three runs with different learning rates, and its plan. */
export function threeRuns(retries = 0): { readonly spec: SweepSpec; readonly plan: SweepPlan } {
  const base = "base: {width: 8, epochs: 4, train-images: 32, test-images: 16, batch: 16}";
  const spec = SweepSpec.parse(
    "s.yaml",
    `${base}\nevaluate: [knn]\ngrid: {lr: [0.1, 0.2, 0.3]}\nretries: ${retries}\n`,
  );
  return { spec, plan: { runs: planSweep(spec), judging: spec.contents.evaluate, retries } };
}

/** Sets up the sweep of {@linkcode threeRuns} in a folder. */
export function plannedSweep(path: string, retries = 0): SweepFolder {
  const { spec, plan } = threeRuns(retries);
  return SweepFolder.prepare(path, spec, plan);
}
