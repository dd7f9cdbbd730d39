/**
 * Tests that an interrupted set-up of a sweep's folder can be completed, and that no other folder is mistaken for it.
 *
 * @module
 */
import { assert, assertEquals, assertIsError, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { InvalidInputError } from "../../src/errors.ts";
import { SweepFolder } from "../../src/sweep/mod.ts";
import { RunFolder } from "../../src/run/run_folder.ts";
import { withFolder } from "../folders.ts";
import { plannedSweep, threeRuns } from "./planned_sweep.ts";

/** Files and folders in the order of a sweep's set-up; folders end with a slash. */
const steps = ["lock", "runs/", "tasks/", "sweep.yaml.7.partial", "sweep.yaml", "plan.json.7.partial"];

/** Makes a folder with the given files and folders. */
function folderOf(parent: string, name: string, entries: readonly string[]): string {
  const path = join(parent, name);
  mkdirSync(path);
  for (const entry of entries) {
    if (entry.endsWith("/")) mkdirSync(join(path, entry), { recursive: true });
    else writeFileSync(join(path, entry), "half");
  }
  return path;
}

function refuses(path: string, message: RegExp): void {
  const { spec, plan } = threeRuns();
  for (const attempt of [() => SweepFolder.check(path, plan), () => SweepFolder.prepare(path, spec, plan)]) {
    assertIsError(assertThrows(attempt), InvalidInputError, message);
  }
}

for (let done = 0; done <= steps.length; done++) {
  const made = steps.slice(0, done);
  Deno.test(
    `a set-up that was killed after making ${done === 0 ? "the folder" : made.at(-1)} is completed`,
    withFolder((folder) => {
      const path = folderOf(folder, "sweep", made);
      assertEquals(SweepFolder.check(path, threeRuns().plan), null);
      const sweep = plannedSweep(path);
      assertEquals(SweepFolder.open(path).plan.runs.length, 3);
      assertEquals(readdirSync(path).sort(), [
        ...(made.includes("lock") ? ["lock"] : []),
        ...["plan.json", "runs", "sweep.yaml", "tasks"],
      ]);
      assertMatch(readFileSync(join(sweep.path, "sweep.yaml"), "utf8"), /^base:/);
    }),
  );
}

Deno.test(
  "a sweep whose damaged plan was removed resumes with its runs, unless the spec changes their options",
  withFolder((folder) => {
    const path = join(folder, "sweep");
    const sweep = plannedSweep(path);
    const [first] = sweep.plan.runs;
    assert(first !== undefined);
    RunFolder.create(sweep.runPath(first.name), first.config, {});
    writeFileSync(join(path, "plan.json"), "{");
    refuses(path, /plan\.json: is damaged; remove it, then run sweep again with the spec and this folder$/);
    Deno.removeSync(join(path, "plan.json"));
    assertThrows(() => SweepFolder.open(path), Error, "has no plan.json yet; run sweep again with the spec");
    assertEquals(SweepFolder.check(path, sweep.plan), null);
    const longer = sweep.plan.runs.map((run) => ({ ...run, config: { ...run.config, epochs: 9 } }));
    assertThrows(
      () => SweepFolder.check(path, { ...sweep.plan, runs: longer }),
      Error,
      "run lr=0.1 has epochs 4, but the spec says 9",
    );
    assertEquals(SweepFolder.prepare(path, threeRuns().spec, sweep.plan).plan.runs.length, 3);
  }),
);

for (const name of ["/", "../elsewhere", "a/b", "a/", "..", ".", ""]) {
  Deno.test(
    `a plan with a run named "${name}", which is not a folder of the sweep's own, is refused`,
    withFolder((folder) => {
      const path = join(folder, "sweep");
      plannedSweep(path);
      const plan = JSON.parse(readFileSync(join(path, "plan.json"), "utf8"));
      plan.runs[0].name = name;
      writeFileSync(join(path, "plan.json"), JSON.stringify(plan));
      refuses(path, /plan\.json: is damaged/);
    }),
  );
}

Deno.test(
  "a folder with other contents is refused and stays unchanged",
  withFolder((folder) => {
    const others: readonly (readonly string[])[] = [
      ["notes.txt"],
      // A user's own spec without the folders of a set-up.
      ["sweep.yaml"],
      ["sweep.yaml", "runs/"],
      ["runs/", "runs/demo/"],
      ["runs/", "tasks/", "sweep.yaml", "photo.png"],
      ["config.yaml", "lock"],
    ];
    for (const [index, entries] of others.entries()) {
      const path = folderOf(folder, `other${index}`, entries);
      refuses(path, /is not an empty folder; give --out a new folder or a sweep's$/);
      assertEquals(
        readdirSync(path).sort(),
        entries.map((entry) => entry.split("/")[0]).filter((name, at, all) => all.indexOf(name) === at).sort(),
      );
    }
    writeFileSync(join(folder, "file"), "");
    refuses(
      join(folder, "file"),
      /file: is not a folder, or is inside something that is not a folder; give --out another folder$/,
    );
    refuses(join(folder, "file", "in"), /in: is not a folder, or is inside something that is not a folder/);
    refuses(join(folder, "x".repeat(300)), /: has a name that is too long; give --out another folder$/);
  }),
);

Deno.test(
  "setting up a sweep again removes the temporary files of killed processes, and nothing else",
  withFolder((folder) => {
    const sweep = plannedSweep(join(folder, "sweep"));
    const left = ["results.csv.9.partial", "runs/.lr=0.1.99.partial/", "tasks/lr=0.1.failed.77.partial"];
    const others = ["runs/lr=0.1x/", "tasks/lr=0.1.log"];
    for (const entry of [...left, ...others]) {
      if (entry.endsWith("/")) mkdirSync(join(sweep.path, entry));
      else writeFileSync(join(sweep.path, entry), "");
    }
    plannedSweep(sweep.path);
    assertEquals(readdirSync(sweep.path).sort(), ["plan.json", "runs", "sweep.yaml", "tasks"]);
    assertEquals(readdirSync(join(sweep.path, "runs")), ["lr=0.1x"]);
    assertEquals(readdirSync(join(sweep.path, "tasks")), ["lr=0.1.log"]);
  }),
);

Deno.test(
  "only one process at a time can claim a sweep's folder",
  withFolder(async (folder) => {
    const path = join(folder, "new", "sweep");
    using _claim = await SweepFolder.claim(path);
    assertIsError(await assertRejects(() => SweepFolder.claim(path)), InvalidInputError, /is in use by process \d+/);
    assertEquals(SweepFolder.check(path, threeRuns().plan), null);
  }),
);
