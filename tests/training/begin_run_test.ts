/**
 * A program begins, stops, resumes and evaluates a run through the library, and gets the bytes of the command.
 *
 * @module
 */
import { assertEquals, assertIsError, assertMatch, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { readFileSync } from "node:fs";
import { evaluateFolder } from "../../src/encoders/mod.ts";
import { InvalidInputError } from "../../src/errors.ts";
import { RunFolder } from "../../src/run/mod.ts";
import { beginRun, fittedConfig, resumeRun, type RunObserver } from "../../src/training/mod.ts";
import { runSluice } from "../cli/run_sluice.ts";
import { withFolder } from "../folders.ts";

/** 4 steps an epoch. */
const options = {
  ...{ dataset: "shapes", trainImages: 32, testImages: 16, width: 4, projector: 16, batch: 8, epochs: 2 },
  ...{ device: "cpu", threads: 1, precision: "f32" },
};
const flags = Object.entries(options).flatMap(([name, value]) => {
  return [`--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`, String(value)];
});
const nothingNew = { given: {}, stretchSchedule: false, acceptChangedImages: false };

/** Notes what a run tells, and stops it after some steps. */
function watch(stopAfter = Infinity) {
  const told: string[] = [];
  let steps = 0;
  const observer: RunObserver = {
    step: () => {},
    evaluation: ({ epoch }) => told.push(`evaluated after epoch ${epoch}`),
    skipped: () => {},
    stopRequested: () => ++steps > stopAfter,
    remark: (line) => told.push(line),
    reading: (data) => told.push(`reads ${data}`),
    begins: (run) => told.push(`begins ${run.config.batch}`),
    ended: ({ stopped }) => told.push(stopped ? "stopped" : "ended"),
  };
  return { told, observer };
}

function bytesOf(run: string): Uint8Array {
  return readFileSync(join(run, "checkpoints", "last.safetensors"));
}

Deno.test(
  "a run that a program begins, stops, resumes and evaluates has the weights and the accuracies of the command's",
  withFolder(async (folder) => {
    const [own, command] = [join(folder, "own"), join(folder, "command")];
    const first = watch(5);
    const begun = await beginRun({ flags: options }, own, first.observer);
    assertEquals(begun.stopped, true);
    assertEquals(first.told.at(-1), "stopped");
    const second = watch();
    const { run, steps, stopped, isNew } = await resumeRun(own, nothingNew, second.observer);
    assertEquals({ steps, stopped, isNew }, { steps: 8, stopped: false, isNew: true });
    const judging = { protocols: ["knn"] as const, networks: ["dense", "gated"] as const };
    const evaluation = evaluateFolder(run, judging, { ...run.config, isKept: true });

    assertEquals((await runSluice(["pretrain", ...flags, "--out", command, "--quiet"])).status, 0);
    assertEquals(bytesOf(own), bytesOf(command));
    const { stdout } = await runSluice(["evaluate", command, "--protocol", "knn", "--json", "--quiet"]);
    assertEquals({ ...evaluation, run: command }, JSON.parse(stdout));
  }),
);

Deno.test(
  "an observer is told of the data, of the memory, of the first step and of the end, in this order",
  withFolder(async (folder) => {
    const { told, observer } = watch();
    await beginRun({ flags: { ...options, epochs: 1 } }, join(folder, "run"), observer);
    const [reads, needs, begins, ...rest] = told;
    assertEquals([reads, begins, ...rest], ["reads shapes", "begins 8", "evaluated after epoch 1", "ended"]);
    assertMatch(needs ?? "", /^batch 8: needs about \d+ MB of the [\d.]+ GB of memory$/);
  }),
);

Deno.test(
  "a finished run is left as it is, and options that it does not share are refused",
  withFolder(async (folder) => {
    const path = join(folder, "run");
    await beginRun({ flags: { ...options, epochs: 1 } }, path, watch().observer);
    const before = bytesOf(path);
    const { isNew, steps, networks } = await resumeRun(path, nothingNew, watch().observer);
    assertEquals([isNew, steps, Object.keys(networks)], [false, 4, ["dense", "gated"]]);
    assertEquals(bytesOf(path), before);
    const other = { ...nothingNew, given: { lr: 9 } };
    assertIsError(
      await assertRejects(() => resumeRun(path, other, watch().observer)),
      InvalidInputError,
      /^--lr 9: the run has 0\.009375/,
    );
    assertEquals(RunFolder.open(path).config.lr, 0.009375);
  }),
);

Deno.test("the default batch of a run is at most the number of its images", () => {
  const { batch: _batch, ...others } = options;
  assertEquals(fittedConfig({ flags: others }).batch, 32);
});
