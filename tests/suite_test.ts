/**
 * Tests of running suites of tests.
 *
 * @module
 */

import { assertEquals, assertMatch } from "@std/assert";
import { existsSync } from "node:fs";
import { deviceTests, gpuTests } from "./cuda/device_tests.ts";
import { packagedTests } from "./executable/packaged_tests.ts";
import { describe, runSuite } from "./suite.ts";

/** Runs a shell script as a suite; gives the result, and what was printed to the console. */
async function runScript(script: string, env: Record<string, string> = {}) {
  const printed: string[] = [];
  const log = console.log;
  console.log = (text: string) => printed.push(text);
  try {
    const result = await runSuite({ name: "of a shell", program: "sh", args: ["-c", script], env });
    return { result, printed };
  } finally {
    console.log = log;
  }
}

Deno.test("a suite's output is printed in one piece under its counts, both streams in order", async () => {
  const script = 'echo "first $GREETING"; echo second >&2; echo "ok | 3 passed | 0 failed (1s)"';
  const { result, printed } = await runScript(script, { GREETING: "hello" });
  assertEquals([result.passed, result.failed], [3, 0]);
  assertEquals(printed, [
    "begun: of a shell",
    `\n== ${describe(result)}\nfirst hello\nsecond\nok | 3 passed | 0 failed (1s)\n`,
  ]);
  assertMatch(describe(result), /^of a shell: 3 passed, 0 failed, \d+ s$/);
});

Deno.test("a failed test's file is in what is printed, and a program that dies counts as a failure", async () => {
  const failing = await runScript(
    'echo "a sentence => ./tests/x_test.ts:3:6"; echo "FAILED | 2 passed | 1 failed"; exit 1',
  );
  assertEquals([failing.result.passed, failing.result.failed], [2, 1]);
  assertMatch(failing.printed.join("\n"), /=> \.\/tests\/x_test\.ts:3:6/);
  const killed = await runScript("kill -9 $$");
  assertEquals([killed.result.passed, killed.result.failed], [0, 1]);
});

Deno.test("the lists of tests name files that exist", () => {
  const root = new URL("..", import.meta.url);
  const missing = [...deviceTests, ...gpuTests, ...packagedTests].filter((path) => !existsSync(new URL(path, root)));
  assertEquals(missing, []);
});
