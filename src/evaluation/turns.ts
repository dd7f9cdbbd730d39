/**
 * Times several kinds of work in turns.
 *
 * @module
 */
import type { Device } from "../device/mod.ts";
import { Scope } from "../tensor/mod.ts";
import { median, quantile, timed } from "../device/stopwatch.ts";

/** The times of one kind of work, in milliseconds. */
export interface Timing {
  /** Their median. */
  readonly median: number;
  /** The range that the middle half of them spans. */
  readonly spread: number;
}

/** In the place of the times of work that was not timed. */
export const untimed: Timing = { median: NaN, spread: NaN };

/** How often to measure. */
export interface TurnOptions {
  /** Least number of rounds; default 9. */
  readonly repeats?: number;
  /** Least time for all measurements together, so that short calls repeat more often; default 2 seconds. */
  readonly milliseconds?: number;
}

/**
 * Times several kinds of work. They take turns, so that changes of the machine's speed affect all alike.
 *
 * @param kinds each is called with the number of the round. Tensors that it makes are freed after the call.
 */
export function timeInTurns(
  device: Device,
  kinds: readonly ((round: number) => void)[],
  { repeats = 9, milliseconds = 2000 }: TurnOptions = {},
): Timing[] {
  const times = kinds.map((): number[] => []);
  const once = (work: (round: number) => void, round: number) => {
    using _pass = new Scope();
    return timed(device, () => work(round));
  };
  for (const work of kinds) once(work, 0);
  for (let [round, total] = [0, 0]; round < repeats || total < milliseconds; round++) {
    kinds.forEach((work, kind) => {
      // An untimed call brings the weights back into the caches: a program that only infers finds them there.
      once(work, round);
      const time = once(work, round);
      total += time;
      times[kind]?.push(time);
    });
  }
  return times.map((own) => ({ median: median(own), spread: quantile(own, 0.75) - quantile(own, 0.25) }));
}
