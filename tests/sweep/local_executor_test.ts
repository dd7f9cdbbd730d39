/**
 * Tests that a fault around one run's process fails that run alone. The processes are shell scripts that train nothing.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { executeLocally, readRunState, type SweepFolder } from "../../src/sweep/mod.ts";
import { withFolder } from "../folders.ts";
import { plannedSweep } from "./planned_sweep.ts";

/** Executes a sweep with a shell command for each run. @returns the observer's calls as lines. */
async function execute(sweep: SweepFolder, command: (run: string) => readonly string[], jobs = 1): Promise<string[]> {
  const calls: string[] = [];
  await executeLocally(sweep, {
    jobs,
    command: ({ name }) => command(name),
    observer: {
      started: (run, attempt) => calls.push(`${run} started ${attempt}`),
      done: (run) => calls.push(`${run} done`),
      failed: (run, message, again) => calls.push(`${run} failed${again ? " again" : ""}: ${message}`),
    },
    stop: new AbortController().signal,
  });
  return calls;
}

const succeed = ["sh", "-c", "exit 0"];

Deno.test(
  "a log that cannot be opened fails its run alone, with the reason in its state",
  withFolder(async (folder) => {
    const sweep = plannedSweep(join(folder, "sweep"), 1);
    mkdirSync(sweep.logPath("lr=0.2"));
    const calls = await execute(sweep, () => succeed);
    assertEquals(calls.filter((line) => !line.includes("lr=0.2")), [
      "lr=0.1 started 1",
      "lr=0.1 done",
      "lr=0.3 started 1",
      "lr=0.3 done",
    ]);
    assertEquals(calls.filter((line) => line.includes("lr=0.2")).map((line) => line.replace(/:.*/, "")), [
      "lr=0.2 started 1",
      "lr=0.2 failed again",
      "lr=0.2 started 2",
      "lr=0.2 failed",
    ]);
    assertMatch(
      calls.find((line) => line.startsWith("lr=0.2 failed:")) ?? "",
      /lr=0\.2\.log: is not a file; remove it$/,
    );
    const state = readRunState(sweep, sweep.run("lr=0.2"));
    assertEquals(state.phase, "failed");
    assertMatch(state.failure ?? "", /lr=0\.2\.log: is not a file; remove it$/);
  }),
);

Deno.test(
  "a program that cannot be started fails its run alone",
  withFolder(async (folder) => {
    const sweep = plannedSweep(join(folder, "sweep"));
    const calls = await execute(sweep, (run) => run === "lr=0.1" ? [join(folder, "none")] : succeed, 2);
    assertMatch(calls.find((line) => line.startsWith("lr=0.1 failed")) ?? "", /^lr=0\.1 failed: .*none/);
    assertEquals(calls.filter((line) => line.endsWith("done")).sort(), ["lr=0.2 done", "lr=0.3 done"]);
  }),
);

Deno.test(
  "a failure that cannot be written is still known to the sweep's process",
  withFolder(async (folder) => {
    const sweep = plannedSweep(join(folder, "sweep"));
    const failing = (run: string) => run === "lr=0.2" ? ["sh", "-c", `rm -rf '${sweep.path}/tasks'; exit 3`] : succeed;
    const calls = await execute(sweep, failing);
    assert(calls.includes("lr=0.2 failed: ended with status 3"), calls.join("\n"));
    assertEquals(sweep.failure("lr=0.2"), "ended with status 3");
    // The next run's log cannot be opened either.
    assertMatch(
      calls.at(-1) ?? "",
      /^lr=0\.3 failed: .*lr=0\.3\.log: there is no such file or folder; check the path$/,
    );
  }),
);

Deno.test(
  "an observer that throws does not stop the sweep",
  withFolder(async (folder) => {
    const sweep = plannedSweep(join(folder, "sweep"));
    const gone = () => {
      throw new Error("EPIPE");
    };
    await executeLocally(sweep, {
      jobs: 2,
      command: ({ name }) => ["sh", "-c", `echo ${name}; ${name === "lr=0.1" ? "exit 3" : "exit 0"}`],
      observer: { started: gone, done: gone, failed: gone },
      stop: new AbortController().signal,
    });
    for (const { name } of sweep.plan.runs) assertEquals(readFileSync(sweep.logPath(name), "utf8"), `${name}\n`);
    assertEquals(sweep.failure("lr=0.1"), "ended with status 3");
  }),
);

Deno.test(
  "a damaged run is reported and left out",
  withFolder(async (folder) => {
    const sweep = plannedSweep(join(folder, "sweep"));
    writeFileSync(sweep.runPath("lr=0.1"), "");
    const calls = await execute(sweep, () => succeed);
    assertMatch(calls[0] ?? "", /^lr=0\.1 failed: damaged: .*lr=0\.1: holds no run/);
    assertEquals(calls.slice(1), ["lr=0.2 started 1", "lr=0.2 done", "lr=0.3 started 1", "lr=0.3 done"]);
  }),
);
