/**
 * Counts passed and failed tests from the summary lines of `deno test` and of doctest.
 *
 * @module
 */

/** How many tests passed and how many failed. */
export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
}

/** `[doctest] test cases: 12 | 11 passed | 1 failed | 0 skipped` and `ok | 12 passed (3 steps) | 0 failed | ...`. */
const summaries = [
  /\[doctest\] test cases:\s*\d+ \|\s*(?<passed>\d+) passed \|\s*(?<failed>\d+) failed/g,
  /^(?:ok|FAILED) \| (?<passed>\d+) passed(?: \([^)]*\))? \| (?<failed>\d+) failed/gm,
];

/**
 * Sums the summary lines in a test program's output. A program that failed without reporting a failed test (a crash,
 * a type error) counts as one failed test.
 */
export function countTests(output: string, success: boolean): TestCounts {
  let [passed, failed] = [0, 0];
  for (const summary of summaries) {
    for (const { groups } of output.matchAll(summary)) {
      passed += Number(groups?.["passed"]);
      failed += Number(groups?.["failed"]);
    }
  }
  return { passed, failed: success ? failed : Math.max(failed, 1) };
}
