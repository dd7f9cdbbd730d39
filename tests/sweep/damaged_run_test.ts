/**
 * Tests that a damaged run is shown with its reason, and does not hide the other runs.
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { mkdirSync, writeFileSync } from "node:fs";
import { reportOfSweep, reportPage } from "../../src/report/mod.ts";
import { formatCsv, readResults, readRunState, type SweepFolder } from "../../src/sweep/mod.ts";
import { RunFolder } from "../../src/run/run_folder.ts";
import { describeResults, describeStates } from "../../cli/ui/sweep.ts";
import { withFolder } from "../folders.ts";
import { plannedSweep } from "./planned_sweep.ts";

/** Ways to damage a run, with the expected reason. */
const damages: Readonly<Record<string, readonly [damage: (run: string) => void, reason: RegExp]>> = {
  "its configuration is not YAML": [
    (run) => writeFileSync(join(run, "config.yaml"), "epochs: ["),
    /config\.yaml:1: not YAML/,
  ],
  "its configuration has a wrong value": [
    (run) => writeFileSync(join(run, "config.yaml"), "epochs: none\n"),
    /config\.yaml:1: epochs none: give a whole number/,
  ],
  "its configuration is missing": [
    (run) => Deno.removeSync(join(run, "config.yaml")),
    /holds no run \(no config\.yaml\)/,
  ],
  "its evaluation is not JSON": [
    (run) => writeFileSync(join(run, "evaluation.json"), "{"),
    /evaluation\.json: is damaged/,
  ],
  "its evaluation is another document": [
    (run) => writeFileSync(join(run, "evaluation.json"), "{}"),
    /evaluation\.json: is damaged: /,
  ],
  "its metrics file is a folder": [
    (run) => {
      Deno.removeSync(join(run, "metrics.jsonl"));
      mkdirSync(join(run, "metrics.jsonl"));
    },
    /./,
  ],
  "a file has taken its place": [
    (run) => {
      Deno.removeSync(run, { recursive: true });
      writeFileSync(run, "");
    },
    /holds no run/,
  ],
};

/** A sweep of three runs, of which the first two have started. */
function begunSweep(folder: string): SweepFolder {
  const sweep = plannedSweep(join(folder, "sweep"));
  for (const { name, config } of sweep.plan.runs.slice(0, 2)) RunFolder.create(sweep.runPath(name), config, {});
  return sweep;
}

for (const [kind, [damage, reason]] of Object.entries(damages)) {
  Deno.test(
    `a run is damaged if ${kind}, and the others are shown`,
    withFolder((folder) => {
      const sweep = begunSweep(folder);
      damage(sweep.runPath("lr=0.1"));
      const states = sweep.plan.runs.map((run) => readRunState(sweep, run));
      assertEquals(states.map(({ phase }) => phase), ["damaged", "stopped", "waiting"]);
      assertMatch(states[0]?.failure ?? "", reason);
      assertMatch(describeStates(states, null), /^lr=0\.1 +damaged /m);

      const results = readResults(sweep);
      assertEquals(results.failures.map(({ run, phase }) => [run, phase]), [["lr=0.1", "damaged"]]);
      assertMatch(describeResults(results, []), /^lr=0\.1: damaged: .+\n0 of 3 runs done$/m);
      assertEquals(formatCsv(results).split("\n").length, 2);

      const data = reportOfSweep(sweep);
      assertEquals(data.damaged.map(({ name }) => name), ["lr=0.1"]);
      assertMatch(data.damaged[0]?.reason ?? "", reason);
      assertEquals([data.runs.map(({ name }) => name), data.waiting], [["lr=0.2"], 1]);
      assertMatch(reportPage(data), /<li>Run lr=0\.1 is damaged: /);
    }),
  );
}

Deno.test(
  "a failure file that cannot be read damages only its run",
  withFolder((folder) => {
    const sweep = begunSweep(folder);
    mkdirSync(join(sweep.path, "tasks", "lr=0.2.failed"));
    const states = sweep.plan.runs.map((run) => readRunState(sweep, run));
    assertEquals(states.map(({ phase }) => phase), ["stopped", "damaged", "waiting"]);
  }),
);
