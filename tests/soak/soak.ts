/**
 * The interface of a soak test: trials that depend on their number alone, so that they can run in portions.
 *
 * @module
 */

/** A long test that runs in portions. To add a test, implement this in a file of its own and list it in main.ts. */
export interface SoakTest {
  /** A sentence that states the behaviour. */
  readonly name: string;
  /** Number of trials of the whole test. */
  readonly trials: number;
  /** Number of trials between two records of its progress. */
  readonly portion: number;
  /** Runs the trials from `begin` to `end` - 1; throws if one fails. */
  readonly run: (begin: number, end: number) => void | Promise<void>;
}
