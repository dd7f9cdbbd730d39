/**
 * What a soak test is: trials that depend on their number alone, so that they can be done in portions.
 *
 * @module
 */

/** A long test in portions. */
export interface SoakTest {
  /** A sentence that states the behaviour. */
  readonly name: string;
  /** How many trials make the whole test. */
  readonly trials: number;
  /** Trials between two records of how far the test has come. */
  readonly portion: number;
  /** Does the trials from `begin` to `end` - 1; throws where one fails. */
  readonly run: (begin: number, end: number) => void | Promise<void>;
}
