/**
 * A suite of tests: one program that runs tests and prints how many passed.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { countTests, type TestCounts } from "./counts.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Permissions of the Deno tests: everything the command may do, starting programs, and a server on this machine. */
const permissions = [
  "--allow-ffi",
  "--allow-read",
  "--allow-write",
  "--allow-env",
  "--allow-run",
  "--allow-sys",
  "--allow-net=127.0.0.1",
];

/** Threads that wait sleep: if they spun, suites that run side by side would starve each other. */
const waitPolicy = { OMP_WAIT_POLICY: "passive" };

/** A program that runs tests. */
export interface Suite {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  /** Variables besides those of this process. */
  readonly env?: Readonly<Record<string, string>>;
}

/** What came of a suite. */
export interface SuiteResult extends TestCounts {
  readonly name: string;
  readonly seconds: number;
}

/**
 * A suite of Deno tests.
 *
 * @param paths files and folders, from the root of the checkout.
 * @param flags more flags of `deno test`.
 */
export function denoSuite(
  name: string,
  paths: readonly string[],
  env: Readonly<Record<string, string>> = {},
  flags: readonly string[] = [],
): Suite {
  const args = ["test", "--quiet", "--no-prompt", ...flags, ...permissions, ...paths];
  return { name, program: Deno.execPath(), args, env: { NO_COLOR: "1", ...env } };
}

/** Runs a suite, prints its output in one piece when it has ended, and counts its tests. */
export async function runSuite({ name, program, args, env = {} }: Suite): Promise<SuiteResult> {
  console.log(`begun: ${name}`);
  const begin = performance.now();
  // The shell joins the two streams, so that their lines stay in order.
  const command = new Deno.Command("sh", {
    args: ["-c", 'exec "$0" "$@" 2>&1', program, ...args],
    env: { ...waitPolicy, ...env },
    cwd: root,
    stdin: "null",
    stderr: "inherit",
  });
  const { success, stdout } = await command.output();
  const text = new TextDecoder().decode(stdout);
  const result = { name, ...countTests(text, success), seconds: (performance.now() - begin) / 1000 };
  console.log(`\n== ${describe(result)}\n${text.trimEnd()}\n`);
  return result;
}

/** One line about a suite that has ended. */
export function describe({ name, passed, failed, seconds }: SuiteResult): string {
  return `${name}: ${passed} passed, ${failed} failed, ${seconds.toFixed(0)} s`;
}
