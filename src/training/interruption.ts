/**
 * Lets signals be heard while a run computes: Deno delivers them when the event loop turns.
 *
 * @module
 */
import type { Steps } from "../evaluation/mod.ts";
import type { Pass } from "../models/mod.ts";
import type { TrainingObserver } from "../run/records.ts";

/** Lets the event loop turn. */
export function yieldToEvents(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** Whoever may ask a run to stop. */
type Stopper = Pick<TrainingObserver, "stopRequested">;

/** Does some work step by step; null if a stop was requested after one of them: what the work holds is freed then. */
async function unlessStopped<T>(steps: Steps<T>, observer: Stopper): Promise<T | null> {
  let result: T | null = null;
  const whole = function* () {
    result = yield* steps;
  };
  for (const _step of whole()) {
    await yieldToEvents();
    if (observer.stopRequested()) return null;
  }
  return result;
}

/**
 * Does the same work for several passes, step by step.
 *
 * @param observer asked after every step.
 * @returns null if a stop was requested; the work is left there.
 */
export async function forPasses<T>(
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
