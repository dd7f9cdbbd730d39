/**
 * Tests of a sweep's scripts under sh and bash, with a stand-in for the program that does a run.
 *
 * @module
 */
import { assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { join } from "@std/path";
import fc from "fast-check";
import { existsSync, readFileSync } from "node:fs";
import { quoteWord, quoteWords, sequentialScript } from "../../src/sweep/mod.ts";
import { withFolder } from "../folders.ts";
import { untilWritten } from "../cli/run_sluice.ts";

const shells = ["sh", "bash"];

/**
 * Appends its run to `started`, and ends with the next status in `tasks/RUN.statuses`; `wait` waits for a signal first.
 */
const standIn = `#!/bin/sh
run=$5 folder=$4
echo "$run" >>"$folder/started"
status=$(head -n 1 "$folder/tasks/$run.statuses")
sed -i 1d "$folder/tasks/$run.statuses"
if [ "$status" = wait ]; then
  trap 'exit 143' TERM
  trap 'exit 75' USR1
  echo "waits" >"$folder/waits"
  while :; do sleep 0.01; done
fi
if [ "$status" = crash ]; then kill -KILL $$; fi
if [ "$status" = 1 ]; then echo "its own reason" >"$folder/tasks/$run.failed"; fi
exit "$status"
`;

/** Exit statuses of each run's processes in order, by run. */
type Statuses = Readonly<Record<string, string>>;

function startScript(shell: string, folder: string, statuses: Statuses, retries: number): Deno.ChildProcess {
  Deno.mkdirSync(join(folder, "tasks"), { recursive: true });
  const command = join(folder, "stand in");
  Deno.writeTextFileSync(command, standIn, { mode: 0o755 });
  for (const [run, each] of Object.entries(statuses)) {
    Deno.writeTextFileSync(join(folder, "tasks", `${run}.statuses`), `${each.replaceAll(" ", "\n")}\n`);
  }
  const script = sequentialScript({ folder, runs: Object.keys(statuses), retries, command: [command] });
  const args = ["-c", script];
  return new Deno.Command(shell, { args, stdin: "null", stdout: "piped", stderr: "piped" }).spawn();
}

async function runScript(shell: string, folder: string, statuses: Statuses, retries: number) {
  const { code, stderr } = await startScript(shell, folder, statuses, retries).output();
  const started = readFileSync(join(folder, "started"), "utf8").trim().split("\n");
  return { code, stderr: new TextDecoder().decode(stderr), started };
}

function failureOf(folder: string, run: string): string | null {
  const path = join(folder, "tasks", `${run}.failed`);
  return existsSync(path) ? readFileSync(path, "utf8").trim() : null;
}

Deno.test("quoting makes any text one word of a script", async () => {
  const text = fc.string({ unit: fc.constantFrom("a", "'", '"', "\\", "$", "`", "*", "\n", " ", "#", "!", "~", "ü") });
  await fc.assert(
    fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 20 }), async (texts) => {
      const script = `printf '%s\\0' ${quoteWords(texts)}`;
      const { stdout } = await new Deno.Command("sh", { args: ["-c", script] }).output();
      assertEquals(new TextDecoder().decode(stdout).split("\0").slice(0, -1), texts);
    }),
    { numRuns: 25 },
  );
  assertEquals(quoteWord("mode=dual,budget=0.3"), "mode=dual,budget=0.3");
});

for (const shell of shells) {
  Deno.test(
    `under ${shell} a script continues after a failed run, and names the failed runs at its end`,
    withFolder(async (folder) => {
      const { code, stderr, started } = await runScript(shell, folder, { a: "0", b: "1 1", "c'd e": "2", f: "0" }, 1);
      assertEquals(code, 1);
      assertEquals(started, ["a", "b", "b", "c'd e", "f"]);
      assertMatch(stderr, /^b: ended with status 1, retrying$/m);
      assertMatch(stderr, /^failed: b c'd e; their logs are in .*\/tasks$/m);
      assertEquals(failureOf(folder, "b"), "its own reason");
      assertEquals(failureOf(folder, "f"), null);
    }),
  );

  Deno.test(
    `under ${shell} a crashed run is retried, and the last crash is recorded`,
    withFolder(async (folder) => {
      const { code, started } = await runScript(shell, folder, { a: "crash 1 0", b: "crash crash crash" }, 2);
      assertEquals(code, 1);
      assertEquals(started, ["a", "a", "a", "b", "b", "b"]);
      assertEquals(failureOf(folder, "a"), null);
      assertEquals(failureOf(folder, "b"), "ended with status 137");
    }),
  );

  for (const [signal, status] of [["SIGTERM", 143], ["SIGUSR1", 75]] as const) {
    Deno.test(
      `under ${shell} a script forwards ${signal} to the run, and ends with the run's status`,
      withFolder(async (folder) => {
        for (let repetition = 0; repetition < 10; repetition++) {
          const child = startScript(shell, folder, { a: "wait", b: "0" }, 3);
          await untilWritten(join(folder, "waits"), "waits");
          Deno.removeSync(join(folder, "waits"));
          child.kill(signal);
          const { code } = await child.output();
          assertStrictEquals(code, status);
          assertEquals(readFileSync(join(folder, "started"), "utf8"), "a\n");
          assertEquals(failureOf(folder, "a"), null);
          Deno.removeSync(join(folder, "started"));
        }
      }),
    );
  }
}
