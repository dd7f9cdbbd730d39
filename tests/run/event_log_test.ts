/**
 * Tests of a run's event files: the scalars of its metrics, once each, however often the run went on.
 *
 * @module
 */
import { assert, assertEquals, assertIsError, assertThrows, fail } from "@std/assert";
import { join } from "@std/path";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { datasetSource } from "../../src/data/mod.ts";
import { resolveConfig } from "../../src/config/mod.ts";
import { StorageError } from "../../src/errors.ts";
import { type EvaluationRecord, EventLog, RunFolder, type StepRecord, taggedScalars } from "../../src/run/mod.ts";
import { pretrain } from "../../src/training/mod.ts";
import { openDevice } from "../devices.ts";
import { readEvents } from "../formats/read_tfevents.ts";

const images = { trainImages: 64, testImages: 32 };
const tiny = { dataset: "shapes", ...images, width: 4, projector: 16, batch: 8, epochs: 3, evalEvery: 1 };

async function inFolder(test: (folder: string) => Promise<void> | void): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-events-"));
  try {
    await test(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function eventFiles(folder: string): string[] {
  return readdirSync(folder).sort().map((name) => join(folder, name));
}

/**
 * What TensorBoard shows of a folder: tag and step to value; a restart voids what came before of its step and later
 * ones.
 */
function shown(folder: string): Map<string, number> {
  const points: { tag: string; step: number; value: number }[] = [];
  for (const path of eventFiles(folder)) {
    const [first, ...events] = readEvents(path);
    assertEquals(first?.fileVersion, "brain.Event:2");
    for (const { step, isRestart, scalars } of events) {
      if (isRestart) points.splice(0, Infinity, ...points.filter((point) => point.step < step));
      for (const [tag, value] of scalars) points.push({ tag, step, value });
    }
  }
  const found = new Map(points.map(({ tag, step, value }) => [`${tag} ${step}`, value]));
  assertEquals(found.size, points.length, "a step shows twice");
  return found;
}

function recorded(run: RunFolder): Map<string, number> {
  const lines = readFileSync(join(run.path, "metrics.jsonl"), "utf8").trim().split("\n");
  const records = lines.map((line) => JSON.parse(line) as StepRecord | EvaluationRecord);
  return new Map(records.flatMap((record) => {
    return Object.entries(taggedScalars(record)).map(([tag, value]) => [`${tag} ${record.step}`, Math.fround(value)]);
  }));
}

Deno.test("a run that stopped in and after epochs shows each scalar of its metrics once", async () => {
  await inFolder(async (folder) => {
    using device = openDevice();
    const config = resolveConfig({ flags: tiny });
    const dataset = datasetSource("shapes").open({ seed: config.seed, ...images });
    const run = RunFolder.create(join(folder, "run"), config, {});
    const train = async (steps: number, isFirst: boolean) => {
      let done = 0;
      const observer = {
        step: () => {},
        evaluation: () => {},
        skipped: () => {},
        stopRequested: () => ++done >= steps,
      };
      const checkpoint = isFirst ? null : run.latestCheckpoint((line) => fail(line));
      await pretrain(device, config, dataset, run, observer, checkpoint);
    };
    await train(11, true);
    cpSync(run.checkpoints.folder, join(folder, "checkpoints"), { recursive: true });
    await train(9, false);
    // As a machine leaves it that went down before a later checkpoint was saved: the file of events ends in the middle
    // of one.
    rmSync(run.checkpoints.folder, { recursive: true });
    cpSync(join(folder, "checkpoints"), run.checkpoints.folder, { recursive: true });
    const events = join(run.path, "tensorboard");
    const torn = eventFiles(events).at(-1) ?? "";
    truncateSync(torn, readFileSync(torn).length - 7);
    await train(5, false); // to step 16, an epoch's last, which is evaluated when the run goes on
    await train(Infinity, false);
    assertEquals(eventFiles(events).length, 4);
    const found = shown(events);
    assertEquals([...found].sort(), [...recorded(run)].sort());
    for (
      const tag of ["loss/total", "loss/invariance", "budget/share", "training/lr", "dense/20-NN", "gated/costShare"]
    ) {
      assert(found.has(`${tag} 24`), tag);
    }
  });
});

Deno.test("files sort as they were begun, whatever the clock says, and the first voids nothing", async () => {
  await inFolder((folder) => {
    const events = join(folder, "tensorboard");
    for (const wallTime of [1700000000.5, 1700000000.9, 1600000000]) {
      EventLog.begin(events, { step: 3, record: null }, wallTime);
    }
    assertEquals(eventFiles(events).map((path) => path.slice(events.length + 1)), [
      "events.out.tfevents.1700000000.0000",
      "events.out.tfevents.1700000000.0001",
      "events.out.tfevents.1700000000.0002",
    ]);
    const restarts = eventFiles(events).map((path) => readEvents(path).filter(({ isRestart }) => isRestart));
    assertEquals(restarts.map((found) => found.map(({ step, wallTime }) => [step, wallTime])), [
      [],
      [[3, 1700000000.9]],
      [[3, 1600000000]],
    ]);
  });
});

Deno.test("an event file that cannot be written ends in a line that says so", async () => {
  await inFolder((folder) => {
    const events = join(folder, "tensorboard");
    const log = EventLog.begin(events, { step: 0, record: null }, 1);
    rmSync(events, { recursive: true });
    const record: EvaluationRecord = { step: 1, epoch: 1, networks: {} };
    assertIsError(
      assertThrows(() => log.append(record, 2)),
      StorageError,
      /events\.out\.tfevents\.0000000001\.0000: cannot be written: its folder does not exist any more; restore it$/,
    );
  });
});
