/**
 * Does work that is no training step in pieces, between which a run can stop.
 *
 * @module
 */
import type { Steps } from "../evaluation/mod.ts";
import type { TrainingObserver } from "../run/records.ts";
import { yieldToEvents } from "./yield_to_events.ts";

/** Answers whether somebody asked the run to stop. */
export type Stopper = Pick<TrainingObserver, "stopRequested">;

/**
 * Does some work step by step. Returns null if a stop was requested after a step; the work's memory is free again then.
 */
export async function unlessStopped<T>(steps: Steps<T>, observer: Stopper): Promise<T | null> {
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
