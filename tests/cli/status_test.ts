/**
 * Tests of `sluice status` at every stage of a run.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { join } from "@std/path";
import { readFileSync, writeFileSync } from "node:fs";
import type { RunStatus } from "../../src/run/run_status.ts";
import { withFolder } from "../folders.ts";
import { assertRefused, assertSucceeds, startSluice, untilWritten } from "./run_sluice.ts";

const tiny = [
  ...["--width", "4", "--projector", "16", "--batch", "8", "--threads", "1"],
  ...["--train-images", "64", "--test-images", "32"],
];

async function statusOf(run: string): Promise<RunStatus> {
  return JSON.parse(await assertSucceeds(["status", run, "--json"])) as RunStatus;
}

Deno.test(
  "status shows a training run and a killed run",
  withFolder(async (folder) => {
    const run = join(folder, "run");
    const child = startSluice(["pretrain", ...tiny, "--epochs", "4096", "--out", run]);
    const output = child.output();
    const metrics = join(run, "metrics.jsonl");
    await untilWritten(metrics, "networks");
    const running = await statusOf(run);
    assertEquals([running.phase, running.process, running.steps], ["running", child.pid, 8 * 4096]);
    assert(running.step >= 8 && (running.secondsLeft ?? 0) > 0, JSON.stringify(running));
    child.kill("SIGKILL");
    await output;
    writeFileSync(metrics, `${readFileSync(metrics, "utf8")}{"step":`);
    const stopped = await statusOf(run);
    assertEquals([stopped.phase, stopped.process, stopped.secondsLeft], ["stopped", null, null]);
    assert(stopped.last !== null && Number.isFinite(stopped.last.loss));
    assertMatch(
      await assertSucceeds(["status", run]),
      new RegExp(`stopped; to resume: sluice pretrain --resume ${run}`),
    );
  }),
);

Deno.test(
  "status shows a finished run with its last evaluation",
  withFolder(async (folder) => {
    const run = join(folder, "run");
    await assertSucceeds(["pretrain", ...tiny, "--epochs", "2", "--mode", "vanilla", "--out", run]);
    const { phase, step, steps, epoch, epochs, budget, evaluation, checkpoint } = await statusOf(run);
    assertEquals([phase, step, steps, epoch, epochs, budget], ["finished", 16, 16, 2, 2, null]);
    assertEquals(Object.keys(evaluation?.networks ?? {}), ["dense"]);
    assertStrictEquals(checkpoint, join(run, "checkpoints", "last.safetensors"));
    assertMatch(await assertSucceeds(["status", run]), /^state +finished$/m);
    await assertRefused(["status", join(folder, "none")], /none: there is no such run/);
  }),
);
