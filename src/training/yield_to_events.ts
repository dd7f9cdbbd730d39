/**
 * Lets the event loop turn between steps, for signals and for the messages of workers.
 *
 * @module
 */

/**
 * Milliseconds between two turns. A turn takes 2 to 3 ms, because Deno's timers wait at least one, and a GPU's step may
 * take 10. A signal is noticed this much later.
 */
const INTERVAL = 100;

let latest = 0;

/**
 * Lets the event loop turn, unless it has turned a moment ago: Deno delivers signals and messages then. `setImmediate`
 * would be faster, but between long computations Deno delivers nothing in its turns.
 */
export async function yieldToEvents(): Promise<void> {
  if (performance.now() - latest < INTERVAL) return;
  await new Promise((resolve) => setTimeout(resolve, 0));
  latest = performance.now();
}
