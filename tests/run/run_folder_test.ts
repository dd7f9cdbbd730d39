/**
 * Tests of run folders: made whole, never over something else, read back the same.
 *
 * @module
 */

import { assert, assertEquals, assertIsError, assertStrictEquals, assertThrows, fail } from "@std/assert";
import { join } from "@std/path";
import { resolveConfig } from "../../src/config/config.ts";
import { InvalidInputError } from "../../src/errors.ts";
import type { Evaluation } from "../../src/run/evaluation_file.ts";
import { RunFolder } from "../../src/run/run_folder.ts";
import { withFolder } from "../folders.ts";

const config = resolveConfig({ preset: "demo", flags: { seed: 3 } });
const versions = { sluice: "1.2.3" };

function namesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map((entry) => entry.name).sort();
}

Deno.test(
  "a run folder is made with its parents, and reads back with the same configuration",
  withFolder((folder) => {
    const path = join(folder, "deep", "run");
    const made = RunFolder.create(path, config, versions);
    assertEquals(namesIn(path), ["checkpoints", "config.yaml", "metrics.jsonl"]);
    assertEquals(namesIn(join(folder, "deep")), ["run"]);
    assertEquals(RunFolder.open(path).config, made.config);
  }),
);

Deno.test(
  "an empty folder may become a run",
  withFolder((folder) => {
    RunFolder.create(folder, config, versions);
    assertEquals(RunFolder.open(folder).config, config);
  }),
);

Deno.test(
  "a folder that holds a run or anything else is refused and left as it was",
  withFolder((folder) => {
    const run = join(folder, "run");
    RunFolder.create(run, config, versions);
    const before = Deno.readTextFileSync(join(run, "config.yaml"));
    assertThrows(
      () => RunFolder.create(run, { ...config, seed: 4 }, versions),
      InvalidInputError,
      "already holds a run; give --out another folder",
    );
    assertEquals(Deno.readTextFileSync(join(run, "config.yaml")), before);
    assertThrows(() => RunFolder.create(folder, config, versions), Error, "is not an empty folder");
    Deno.writeTextFileSync(join(folder, "file"), "");
    assertThrows(() => RunFolder.create(join(folder, "file"), config, versions), Error, "is not an empty folder");
    assertEquals(namesIn(folder), ["file", "run"]);
  }),
);

Deno.test(
  "a path without a run, or with a damaged configuration, is refused by name",
  withFolder((folder) => {
    const refused = (path: string, message: RegExp) =>
      assertIsError(assertThrows(() => RunFolder.open(path)), InvalidInputError, message);
    refused(join(folder, "none"), /none: there is no such run/);
    refused(folder, /holds no run/);
    Deno.writeTextFileSync(join(folder, "config.yaml"), "epochs: [");
    refused(folder, /config\.yaml:1: not YAML/);
    Deno.writeTextFileSync(join(folder, "config.yaml"), "epochs: none\n");
    refused(folder, /config\.yaml:1: epochs none: give a whole number/);
  }),
);

Deno.test(
  "checkpoints have fixed names and an evaluation replaces an earlier one",
  withFolder((folder) => {
    const run = RunFolder.create(join(folder, "run"), config, versions);
    assertStrictEquals(run.checkpoints.last(), join(run.path, "checkpoints", "last.safetensors"));
    assertStrictEquals(run.checkpoints.last(2), join(run.path, "checkpoints", "last-2.safetensors"));
    assertStrictEquals(run.checkpoints.epoch(7), join(run.path, "checkpoints", "epoch-0007.safetensors"));
    assertThrows(() => run.latestCheckpoint(() => {}), InvalidInputError, "last.safetensors: is missing");
    run.writeEvaluation({ first: true });
    run.writeEvaluation({ second: true });
    assertEquals(JSON.parse(Deno.readTextFileSync(join(run.path, "evaluation.json"))), { second: true });
    assertEquals(namesIn(run.path), ["checkpoints", "config.yaml", "evaluation.json", "metrics.jsonl"]);
  }),
);

const counts = { channels: 4, alwaysOpen: 1, alwaysClosed: 1, imageDependent: 2 };
const channels = { ...counts, shares: { alwaysOpen: 0.25, alwaysClosed: 0.25, imageDependent: 0.5 } };
const judged = { knn1: 35, cost: { macs: 500, share: 1 } };
const both = { asIs: judged, recalibrated: judged };
const evaluation: Evaluation = {
  budgetMissed: 0.52,
  run: "run",
  networks: {
    gated: {
      knn1: 40,
      knn20: 50.5,
      linear: { top1: 60, top5: 90, std: { top1: 0.5, top5: 0.25 }, seeds: 3 },
      cost: { macs: 512, share: 1.02 },
      parts: [{ name: "stem", macs: 512 }],
      channels: { ...channels, blocks: [{ ...channels, name: "layer1.0", open: 0.5 }] },
      masks: {
        own: { knn1: 40 },
        ownRecalibrated: judged,
        exchanged: { ...judged, knn1: 30 },
        openRecalibrated: judged,
        static: judged,
        staticWay: "mostOpen",
        statics: { mostOpenPerMac: both, mostOpen: both, mostOpenByGate: both, scorePerMac: both },
        oracle: judged,
        rho: 0.25,
      },
    },
  },
  references: { rawPixels: { knn20: 30 }, untrained: {} },
};

Deno.test(
  "an evaluation reads back as it was written, and a file of an earlier version lacks parts and some rows of masks",
  withFolder((folder) => {
    const run = RunFolder.create(join(folder, "run"), config, versions);
    assertEquals(run.readEvaluation(), null);
    run.writeEvaluation(evaluation);
    assertEquals(run.readEvaluation(), evaluation);
    const masks = { own: { knn1: 40 }, exchanged: { knn1: 30 }, static: judged };
    const { parts: _, ...earlier } = { ...evaluation.networks.gated, masks };
    run.writeEvaluation({ ...evaluation, networks: { gated: earlier } });
    assertEquals(run.readEvaluation()?.networks.gated?.parts, []);
    assertEquals(run.readEvaluation()?.networks.gated?.masks, masks);
  }),
);

Deno.test(
  "an evaluation that is damaged is refused by name",
  withFolder((folder) => {
    const run = RunFolder.create(join(folder, "run"), config, versions);
    const refused = (message: RegExp) =>
      assertIsError(assertThrows(() => run.readEvaluation()), InvalidInputError, message);
    Deno.writeTextFileSync(join(run.path, "evaluation.json"), '{"run": "ru');
    refused(/evaluation\.json: is damaged: it holds no JSON object; remove the file and run sluice evaluate again$/);
    run.writeEvaluation({ ...evaluation, networks: { gated: { cost: { macs: "many", share: 1 } } } });
    refused(/evaluation\.json: is damaged: networks\.gated\.cost\.macs is missing or wrong; /);
  }),
);

Deno.test(
  "a line of skipped.jsonl that a machine going down has torn is taken away, the only one too",
  withFolder((folder) => {
    const run = RunFolder.create(join(folder, "run"), config, versions);
    run.rewind(0, (line) => fail(line));
    assert(!namesIn(run.path).includes("skipped.jsonl"), "no file is made if there was none");
    const path = join(run.path, "skipped.jsonl");
    Deno.writeTextFileSync(path, '{"path":"a.pn');
    run.rewind(0, (line) => fail(line));
    const image = { path: "a.png", reason: "is damaged" };
    run.appendSkipped(image);
    run.appendSkipped(image);
    assertEquals(Deno.readTextFileSync(path), `${JSON.stringify(image)}\n`);
  }),
);
