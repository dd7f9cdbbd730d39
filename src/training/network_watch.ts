/**
 * Looks at a run's networks between epochs: before the first step, and as often as the run evaluates them.
 *
 * @module
 */
import type { RunConfig } from "../config/options.ts";
import { trainedNetworks } from "../config/network.ts";
import { checkHealth, type Evaluator, type NetworkHealth, type NetworkWatch, type Steps } from "../evaluation/mod.ts";
import type { DualNetwork, Pass } from "../models/mod.ts";
import type { RunState } from "../run/run_state.ts";
import type { OnlineProbes } from "./online_probes.ts";
import { type Stopper, unlessStopped } from "./stoppable.ts";

/** Does the same work for several networks. Returns null if a stop was requested. */
async function forPasses<T>(
  observer: Stopper,
  passes: readonly Pass[],
  stepsFor: (pass: Pass) => Steps<T>,
): Promise<Map<Pass, T> | null> {
  const results = new Map<Pass, T>();
  for (const pass of passes) {
    const result = await unlessStopped(stepsFor(pass), observer);
    if (result === null) return null;
    results.set(pass, result);
  }
  return results;
}

/** The networks of a run, and who may stop it. */
export interface NetworkWatcherParts {
  readonly network: DualNetwork;
  readonly config: RunConfig;
  /** Null if the training images have no labels. */
  readonly probes: OnlineProbes | null;
  /** Asked between two batches whether the run should stop. */
  readonly observer: Stopper;
}

/** Evaluates the networks of a run, and compares their features with those of the untrained networks. */
export class NetworkWatcher {
  readonly #parts: NetworkWatcherParts;
  readonly #untrained: Map<Pass, NetworkHealth>;

  /** @param untrained features before the first step, of a run that resumes. */
  constructor(parts: NetworkWatcherParts, untrained: RunState["untrained"] = {}) {
    this.#parts = parts;
    this.#untrained = new Map(Object.entries(untrained) as [Pass, NetworkHealth][]);
  }

  /** Features before the first step, for the checkpoint. */
  get untrained(): RunState["untrained"] {
    return Object.fromEntries(this.#untrained);
  }

  /** Remembers the features of the untrained networks. Returns false if a stop was requested meanwhile. */
  async observeUntrained(evaluator: Evaluator): Promise<boolean> {
    const { network, config, observer } = this.#parts;
    const stepsFor = (pass: Pass) => evaluator.health(network.encoderOf(pass), pass);
    const untrained = await forPasses(observer, trainedNetworks(config.mode), stepsFor);
    untrained?.forEach((health, pass) => this.#untrained.set(pass, health));
    return untrained !== null;
  }

  /** Evaluates every network. Returns null if a stop was requested meanwhile. */
  async evaluate(evaluator: Evaluator): Promise<ReadonlyMap<Pass, NetworkWatch> | null> {
    const { network, config, probes, observer } = this.#parts;
    const stepsFor = (pass: Pass) => evaluator.watch(network.encoderOf(pass), pass, probes?.get(pass));
    return await forPasses(observer, trainedNetworks(config.mode), stepsFor);
  }

  /**
   * Refuses features that have become alike for all images.
   *
   * @throws {CollapseError} @throws {DivergenceError}
   */
  check(watched: ReadonlyMap<Pass, NetworkWatch>, step: number): void {
    for (const [pass, { health }] of watched) {
      const untrained = this.#untrained.get(pass);
      if (untrained) checkHealth(health, untrained, { network: pass, step, ...this.#parts.config });
    }
  }
}
