/**
 * Tests that linked files in a sweep's folder are refused by name, whatever their targets.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { cpSync, symlinkSync, writeFileSync } from "node:fs";
import { InvalidInputError } from "../../src/errors.ts";
import { readJobs } from "../../src/sweep/slurm_jobs.ts";
import { readRunState, SweepFolder } from "../../src/sweep/mod.ts";
import { withFolder } from "../folders.ts";
import { plannedSweep } from "./planned_sweep.ts";

Deno.test(
  "a plan that is a link is refused even if its target is a valid plan",
  withFolder((folder) => {
    const { path } = plannedSweep(join(folder, "sweep"));
    const plan = join(path, "plan.json");
    cpSync(plan, join(folder, "elsewhere.json"));
    Deno.removeSync(plan);
    symlinkSync(join(folder, "elsewhere.json"), plan);
    assertThrows(() => SweepFolder.open(path), InvalidInputError, "plan.json: is a link");
  }),
);

Deno.test(
  "a list of Slurm's jobs that is a link is refused even if its target is a valid list",
  withFolder((folder) => {
    const sweep = plannedSweep(join(folder, "sweep"));
    writeFileSync(join(folder, "elsewhere.json"), "[]");
    symlinkSync(join(folder, "elsewhere.json"), join(sweep.path, "slurm.json"));
    assertThrows(() => readJobs(sweep), InvalidInputError, "slurm.json: is a link");
  }),
);

Deno.test(
  "a plan that is a folder is refused by name",
  withFolder((folder) => {
    const { path } = plannedSweep(join(folder, "sweep"));
    Deno.removeSync(join(path, "plan.json"));
    Deno.mkdirSync(join(path, "plan.json"));
    assertThrows(() => SweepFolder.open(path), InvalidInputError, "plan.json: is not a file");
  }),
);

Deno.test(
  "a linked failure file damages only its run",
  withFolder((folder) => {
    const sweep = plannedSweep(join(folder, "sweep"));
    const [first] = sweep.plan.runs;
    assert(first !== undefined);
    writeFileSync(join(folder, "secret"), "secret");
    symlinkSync(join(folder, "secret"), join(sweep.path, "tasks", `${first.name}.failed`));
    const [state, ...others] = sweep.plan.runs.map((run) => readRunState(sweep, run));
    assertEquals(state?.phase, "damaged");
    assertMatch(state?.failure ?? "", /\.failed: is a link/);
    assertEquals(others.map(({ phase }) => phase), ["waiting", "waiting"]);
  }),
);
