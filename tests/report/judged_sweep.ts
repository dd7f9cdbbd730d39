/**
 * Makes a sweep's folder with results written by hand, so that tests can compute what should be made of them.
 *
 * @module
 */
import { usualCost } from "../../src/config/budget_range.ts";
import type { FeatureAccuracy, JudgedMasks, MaskWorth, NetworkEvaluation } from "../../src/evaluation/mod.ts";
import type { Evaluation } from "../../src/run/evaluation_file.ts";
import { type PlannedRun, planSweep, SweepFolder, SweepSpec } from "../../src/sweep/mod.ts";
import { makeRun } from "./synthetic_runs.ts";

/** Cost of the dense network of width 16 in millions of MACs. */
const DENSE = 40;

/** Accuracies in percent; the 20-NN accuracy is 10 points below the probe's. */
function accuracy(probe: number): FeatureAccuracy {
  return { knn1: probe - 20, knn20: probe - 10, linear: { top1: probe, top5: 90, std: null, seeds: 1 } };
}

function judged(probe: number, megaMacs: number): JudgedMasks {
  return { ...accuracy(probe), cost: { macs: megaMacs * 1e6, share: megaMacs / DENSE } };
}

function network(probe: number, megaMacs: number, share: number): NetworkEvaluation {
  return { ...accuracy(probe), cost: { macs: megaMacs * 1e6, share }, parts: [] };
}

/** Open most is the static mask to compare with; score per MAC, recalibrated, is better. */
function maskWorth(own: number, megaMacs: number, seed: number): MaskWorth {
  const at = (probe: number) => judged(probe, megaMacs);
  const statics = {
    mostOpen: { asIs: at(own + 1), recalibrated: at(own - 1) },
    mostOpenPerMac: { asIs: at(own - 2), recalibrated: at(own - 3) },
    mostOpenByGate: { asIs: at(own - 4), recalibrated: at(own - 5) },
    scorePerMac: { asIs: at(own - 6), recalibrated: at(own + 2) },
  };
  return {
    own: accuracy(own),
    ownRecalibrated: at(own + 0.5),
    exchanged: at(own - 7),
    openRecalibrated: judged(own + 3, DENSE),
    static: statics.mostOpen.asIs,
    staticWay: "mostOpen",
    statics,
    oracle: at(own - 2.5),
    rho: 0.1 + 0.2 * seed,
  };
}

const closed = { alwaysOpen: 0, alwaysClosed: 0, imageDependent: 1 };
const channels = { channels: 4, alwaysOpen: 0, alwaysClosed: 0, imageDependent: 4, shares: closed, blocks: [] };

/** The probe of seed 0 in percent, by name of the run without its seed; seed 1 has 2 points more. */
const probes: Readonly<Record<string, readonly number[]>> = {
  "mode=vanilla,width=8": [50],
  "mode=vanilla,width=8,zero-init-residual=true": [53],
  "mode=vanilla,width=16": [61],
  "mode=dual,budget=0.5": [63, 59.5],
  "mode=dual,budget=0.1": [59, 52],
};

function networksOf({ name, config: { mode, width, budget, seed } }: PlannedRun): Evaluation["networks"] {
  const [dense = 0, gated = 0] = (probes[name.replace(/,seed=\d$/, "")] ?? []).map((probe) => probe + 2 * seed);
  if (mode === "vanilla") return { dense: network(dense, width === 8 ? 10 : DENSE, 1) };
  const cost = usualCost(budget);
  const megaMacs = cost * DENSE;
  const masks = maskWorth(gated, megaMacs, seed);
  return { dense: network(dense, DENSE, 1), gated: { ...network(gated, megaMacs, cost), channels, masks } };
}

const spec = `base: { preset: demo, budget-rule: default }
runs:
  - { mode: vanilla, width: 8 }
  - { mode: vanilla, width: 8, zero-init-residual: true }
  - { mode: vanilla, width: 16 }
  - { mode: dual, budget: 0.5 }
  - { mode: dual, budget: 0.1 }
seeds: [0, 1]
evaluate: { protocol: [knn, linear, masks] }
`;

/**
 * Makes a sweep of plain networks of two costs and of dual networks at two budgets, two seeds each. At 10 M MACs the
 * better plain network has a mean probe of 54 %, at 40 M MACs 62 %: so 58 % at 20 M MACs.
 */
export function judgedSweep(path: string): SweepFolder {
  const parsed = SweepSpec.parse("sweep.yaml", spec);
  const { evaluate: judging, retries } = parsed.contents;
  const sweep = SweepFolder.prepare(path, parsed, { runs: planSweep(parsed), judging, retries });
  for (const run of sweep.plan.runs) {
    const folder = makeRun(sweep.runPath(run.name), { options: run.config, evalEvery: run.config.evalEvery });
    folder.writeEvaluation({
      run: folder.path,
      networks: networksOf(run),
      budgetMissed: null,
      references: { rawPixels: accuracy(37), untrained: { dense: network(35, DENSE, 1) } },
    });
  }
  return sweep;
}
