/**
 * Tests of SIGHUP, and of signals during an evaluation.
 *
 * @module
 */

import { assert, assertEquals, assertMatch, assertNotMatch } from "@std/assert";
import { join } from "@std/path";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { withFolder } from "../folders.ts";
import { assertSucceeds, sluiceCommand, startSluice, untilWritten } from "./run_sluice.ts";

const tiny = [
  ...["--width", "4", "--projector", "16", "--batch", "8", "--threads", "1"],
  ...["--train-images", "32", "--test-images", "16"],
];

Deno.test(
  "under nohup a run ignores SIGHUP but not SIGTERM",
  withFolder(async (folder) => {
    const run = join(folder, "run");
    const words = [...sluiceCommand(), "pretrain", ...tiny, "--eval-every", "0", "--epochs", "4000", "-o", run];
    // Ignores SIGHUP like nohup, but without nohup's output file.
    const script = 'trap "" HUP; exec "$@"';
    const child = new Deno.Command("sh", {
      args: ["-c", script, "sh", ...words],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const output = child.output();
    await untilWritten(join(run, "metrics.jsonl"), "loss");
    child.kill("SIGHUP");
    const { step } = JSON.parse(readFileSync(join(run, "metrics.jsonl"), "utf8").trim().split("\n").at(-1) ?? "");
    await untilWritten(join(run, "metrics.jsonl"), `"step":${step + 5},`);
    child.kill("SIGTERM");
    const { code, stderr } = await output;
    assertEquals(code, 143);
    assertNotMatch(new TextDecoder().decode(stderr), /SIGHUP/);
  }),
);

Deno.test(
  "SIGHUP stops a sweep after its run has saved, and the sweep can be resumed",
  withFolder(async (folder) => {
    const [spec, out] = [join(folder, "spec.yaml"), join(folder, "sweep")];
    const base = "{width: 4, projector: 16, batch: 8, threads: 1, train-images: 32, test-images: 16, eval-every: 0";
    writeFileSync(spec, `base: ${base}, mode: vanilla, epochs: 60}\nevaluate: [knn]\n`);
    const child = startSluice(["sweep", spec, "-o", out]);
    const output = child.output();
    const { runs: [run] } = JSON.parse(await assertSucceeds(["sweep", spec, "-o", out, "--dry-run", "--json"]));
    const path = join(out, "runs", run.name);
    await untilWritten(join(path, "metrics.jsonl"), "loss");
    child.kill("SIGHUP");
    const { code, stderr } = await output;
    assertEquals(code, 129, new TextDecoder().decode(stderr));
    assert(existsSync(join(path, "checkpoints", "last.safetensors")));
    const { runs: [state] } = JSON.parse(await assertSucceeds(["status", out, "--json"]));
    assertEquals(state.phase, "stopped");
    await assertSucceeds(["sweep", spec, "-o", out, "--quiet"]);
  }),
);

Deno.test(
  "a run that is stopped during an evaluation ends at once, and is evaluated when it resumes",
  withFolder(async (folder) => {
    const run = join(folder, "run");
    const long = ["--width", "16", "--projector", "16", "--batch", "8", "--threads", "1", "--epochs", "1"];
    const child = startSluice(["pretrain", ...long, "--train-images", "16", "--test-images", "3000", "-o", run]);
    const output = child.output();
    await untilWritten(join(run, "metrics.jsonl"), '"step":2,"steps":2');
    child.kill("SIGTERM");
    const { code, stderr } = await output;
    assertEquals(code, 143, new TextDecoder().decode(stderr));
    assertMatch(new TextDecoder().decode(stderr), /stopped after 2 steps, and saved; to resume: /);
    assertNotMatch(readFileSync(join(run, "metrics.jsonl"), "utf8"), /networks/);
    await assertSucceeds(["pretrain", "--resume", run, "--quiet"]);
    assertMatch(readFileSync(join(run, "metrics.jsonl"), "utf8"), /networks/);
  }),
);
