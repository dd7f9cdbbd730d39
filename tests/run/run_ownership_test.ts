/**
 * Tests of whose a run's folder is: nothing is written once it is another's, no file in it leads elsewhere, and weights
 * and configuration belong together.
 *
 * @module
 */
import { assertEquals, assertIsError, assertRejects, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { InvalidInputError, LostFolderError } from "../../src/errors.ts";
import { writeSafetensors } from "../../src/formats/mod.ts";
import { checkpointMetadata } from "../../src/run/checkpoint.ts";
import { storeCheckpoint } from "../../src/run/checkpoint_store.ts";
import { resolveConfig } from "../../src/config/config.ts";
import type { StepRecord } from "../../src/run/records.ts";
import { RunFolder } from "../../src/run/run_folder.ts";
import { readStatus } from "../../src/run/run_status.ts";
import { withFolder } from "../folders.ts";

const config = resolveConfig({ preset: "demo", flags: { seed: 3 } });
const state = {
  step: 4,
  images: 64,
  multiplier: 0,
  controller: { integral: 0, offset: null, batchShare: null, error: 0, steps: 4 },
  plainShare: null,
  calibrations: 0,
  untrained: {},
};

/** The texts of a folder's files, by their names, folders with them. */
function contents(folder: string): Record<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return Object.fromEntries(
    entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => {
      const path = join(parentPath, name);
      return [path, readFileSync(path, "latin1")];
    }).toSorted(),
  );
}

const replacements: readonly (readonly [string, (path: string) => void])[] = [
  ["another run", (path) => {
    rmSync(path, { recursive: true });
    RunFolder.create(path, { ...config, seed: 4 }, {});
  }],
  ["a copy of itself", (path) => {
    cpSync(path, `${path}.copy`, { recursive: true });
    rmSync(path, { recursive: true });
    renameSync(`${path}.copy`, path);
  }],
  ["nothing, having been moved away", (path) => renameSync(path, `${path}.moved`)],
];

for (const [name, replace] of replacements) {
  Deno.test(
    `nothing is written to a run's path once ${name} is there`,
    withFolder(async (folder) => {
      const run = RunFolder.create(join(folder, "run"), config, {});
      using _lock = await run.lock();
      run.checkOwn();
      const task = { ...run.checkpointPlace, kept: 2, epochs: null, tensors: new Map(), metadata: {} };
      replace(run.path);
      const before = contents(folder);
      const writers: readonly (() => unknown)[] = [
        () => run.record({ step: 1 } as StepRecord),
        () => run.appendSkipped({ path: "a.png", reason: "is damaged" }),
        () => run.rewind(0, () => {}),
        () => run.beginEvents(0, 0),
        () => run.writePlans("plans"),
        () => run.reconfigured(config),
        () => run.discardIfUntrained(),
        () => storeCheckpoint(task),
      ];
      for (const write of writers) {
        const lost = /run: was removed or replaced while this process worked/;
        assertIsError(assertThrows(write), LostFolderError, lost, String(write));
      }
      assertEquals(contents(folder), before);
    }),
  );
}

Deno.test(
  "an evaluation is not written into the folder of a run that came there meanwhile, and that run is not gone on with",
  withFolder(async (folder) => {
    const path = join(folder, "run");
    RunFolder.create(path, config, {});
    const evaluated = RunFolder.open(path);
    rmSync(path, { recursive: true });
    RunFolder.create(path, { ...config, seed: 4 }, {});
    assertThrows(() => evaluated.writeEvaluation({}), LostFolderError, "evaluation.json is not");
    assertEquals(RunFolder.open(path).readEvaluation(), null);
    assertIsError(
      await assertRejects(() => evaluated.lock()),
      LostFolderError,
      /config\.yaml was .* changed by another .*; start/,
    );
    (await RunFolder.open(path).lock())[Symbol.dispose]();
  }),
);

Deno.test(
  "of two runs that are made at one place at a time the second is refused by name, and leaves nothing",
  withFolder((folder) => {
    const path = join(folder, "run");
    // Between the look at the place and the renaming, another process makes its run there.
    const racing = {
      ...config,
      get seed() {
        RunFolder.create(path, config, {});
        return config.seed;
      },
    };
    assertThrows(() => RunFolder.create(path, racing, {}), InvalidInputError, "already holds");
    assertEquals(readdirSync(folder), ["run"]);
  }),
);

const fileNames = [
  "config.yaml",
  "metrics.jsonl",
  "lock",
  "skipped.jsonl",
  "plans.txt",
  "evaluation.json",
  "speed.json",
  "images.tsv",
];
for (const name of fileNames) {
  Deno.test(
    `a run whose ${name} is a link is refused by that name`,
    withFolder((folder) => {
      const { path } = RunFolder.create(join(folder, "run"), config, {});
      const target = join(folder, "target");
      writeFileSync(target, readFileSync(join(path, "config.yaml")));
      rmSync(join(path, name), { force: true });
      symlinkSync(target, join(path, name));
      const message = new RegExp(
        `${name}: is a link and must be a file; remove it, or copy the file here$`,
      );
      assertIsError(assertThrows(() => RunFolder.open(path)), InvalidInputError, message);
    }),
  );
}

Deno.test(
  "a file that becomes a link while the run is open is neither read nor written",
  withFolder((folder) => {
    const run = RunFolder.create(join(folder, "run"), config, {});
    const events = run.beginEvents(0, 7);
    const victim = join(folder, "victim");
    writeFileSync(victim, "precious");
    const link = (name: string) => {
      rmSync(join(run.path, name), { force: true });
      symlinkSync(victim, join(run.path, name));
    };
    const [eventFile = ""] = readdirSync(join(run.path, "tensorboard"));
    for (const name of [...fileNames, join("tensorboard", eventFile), "checkpoints/last.safetensors"]) link(name);
    const record = { step: 1, loss: 1, terms: {}, lr: 1, viewsPerSecond: 1 } as StepRecord;
    const uses: readonly (() => unknown)[] = [
      () => run.record(record),
      () => run.metrics.read(),
      () => events.append(record, 7),
      () => run.appendSkipped({ path: "a.png", reason: "is damaged" }),
      () => run.rewind(0, () => {}),
      () => run.writePlans("plans"),
      () => run.plans(),
      () => run.writeEvaluation({}),
      () => run.readEvaluation(),
      () => run.reconfigured(config),
      () => run.latestCheckpoint(() => {}),
      () => readStatus(run),
    ];
    for (const use of uses) assertThrows(use, InvalidInputError, ": is a link", String(use));
    assertEquals(readFileSync(victim, "utf8"), "precious");
  }),
);

Deno.test(
  "checkpoints may lie on another disk, that has to be there, and none of them may be a link",
  withFolder((folder) => {
    const run = RunFolder.create(join(folder, "run"), config, {});
    const scratch = join(folder, "scratch");
    rmSync(run.checkpoints.folder, { recursive: true });
    symlinkSync(scratch, run.checkpoints.folder);
    const missing = /checkpoints: is a link to .*scratch, which is not there; mount/;
    assertIsError(assertThrows(() => RunFolder.open(run.path).latestCheckpoint(() => {})), InvalidInputError, missing);
    mkdirSync(scratch);
    const metadata = checkpointMetadata(config, state);
    storeCheckpoint({ ...run.checkpointPlace, kept: 2, epochs: null, tensors: new Map(), metadata });
    assertEquals(RunFolder.open(run.path).latestCheckpoint(() => {}).state.step, 4);
    renameSync(join(scratch, "last.safetensors"), join(folder, "elsewhere"));
    symlinkSync(join(folder, "elsewhere"), join(scratch, "last.safetensors"));
    assertThrows(() => RunFolder.open(run.path).latestCheckpoint(() => {}), Error, "last.safetensors: is a link");
  }),
);

Deno.test(
  "weights of another configuration are refused, those of the run before it was made longer are not",
  withFolder((folder) => {
    const run = RunFolder.create(join(folder, "run"), config, {});
    const save = (given: Partial<typeof config>) =>
      writeSafetensors(run.checkpoints.last(), new Map(), checkpointMetadata({ ...config, ...given }, state), {
        checksum: true,
      });
    const latest = () => RunFolder.open(run.path).latestCheckpoint(() => {});
    save({ seed: 4 });
    assertThrows(latest, InvalidInputError, "is of another configuration: seed 4 there and 3 here");
    save({ budget: 0.7, mode: "gated" });
    assertThrows(latest, Error, ': mode "gated" there and "dual" here, budget 0.7 there and');
    save({ epochs: config.epochs + 1, threads: 7, data: "elsewhere" });
    assertEquals(latest().state.step, 4);
  }),
);
