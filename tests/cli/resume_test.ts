/**
 * Tests of stopping and resuming runs at the command line.
 *
 * @module
 */
import { assert, assertEquals, assertGreaterOrEqual, assertMatch, fail } from "@std/assert";
import { join } from "@std/path";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { RunFolder } from "../../src/run/run_folder.ts";
import type { RunStatus } from "../../src/run/run_status.ts";
import { withFolder } from "../folders.ts";
import { assertRefused, assertSucceeds, runSluice, startSluice, untilWritten } from "./run_sluice.ts";

const tiny = [
  ...["--width", "4", "--projector", "16", "--batch", "8", "--threads", "1"],
  ...["--train-images", "64", "--test-images", "32", "--eval-every", "0"],
];

function lastOf(run: string): Uint8Array {
  return readFileSync(join(run, "checkpoints", "last.safetensors"));
}

/** Starts a run, and stops it by SIGINT after its first step. @returns its stderr. */
async function stopped(args: readonly string[], run: string): Promise<string> {
  const child = startSluice(args);
  const output = child.output();
  await untilWritten(join(run, "metrics.jsonl"), "loss");
  child.kill("SIGINT");
  const { code, stderr } = await output;
  assertEquals(code, 130);
  return new TextDecoder().decode(stderr);
}

Deno.test(
  "a stopped run names the command to resume, and ends with the weights of an uninterrupted run",
  withFolder(async (folder) => {
    const [whole, run] = [join(folder, "whole"), join(folder, "run")];
    await assertSucceeds(["pretrain", ...tiny, "--epochs", "30", "--out", whole]);
    const stderrOfStopped = await stopped(["pretrain", ...tiny, "--epochs", "30", "--out", run], run);
    assertMatch(
      stderrOfStopped,
      new RegExp(`stopped after \\d+ steps, and saved; to resume: sluice pretrain --resume ${run}\n`),
    );
    const { status, stderr } = await runSluice(["pretrain", "--resume", run]);
    assertEquals(status, 0, stderr);
    assertMatch(stderr, new RegExp(`^${run}: resumes at epoch \\d+ of 30, after step \\d+ of 240$`, "m"));
    assertEquals(lastOf(run), lastOf(whole));
  }),
);

Deno.test(
  "a finished run stays unchanged, and is made longer only with --stretch-schedule, naming the changed options",
  withFolder(async (folder) => {
    const run = join(folder, "run");
    await assertSucceeds(["pretrain", ...tiny, "--epochs", "2", "--out", run]);
    const before = lastOf(run);
    const { status, stdout, stderr } = await runSluice(["pretrain", "--resume", run, "--json"]);
    assertEquals(status, 0);
    assertMatch(stderr, /is finished, after 16 steps; there is nothing to do\n$/);
    assertEquals((JSON.parse(stdout) as { steps: number }).steps, 16);
    assertEquals(lastOf(run), before);
    const longer = ["pretrain", "--resume", run, "--epochs", "3"];
    await assertRefused(longer, /--epochs 3: the run has 2, .*--stretch-schedule/);
    await assertRefused(["pretrain", "--resume", run, "--epochs", "1"], /--epochs 1: the run has 2/);
    await assertRefused(["pretrain", "--resume", run, "--stretch-schedule"], /has 2 epochs; give --epochs a larger/);
    const other = await runSluice([...longer, "--stretch-schedule", "--threads", "2", "--json"]);
    assertEquals((JSON.parse(other.stdout) as { steps: number }).steps, 24);
    assertMatch(other.stderr, /^threads 2 instead of 1: the run resumes, but not bit for bit$/m);
    assertMatch(Deno.readTextFileSync(join(run, "config.yaml")), /^epochs: 3$[\s\S]*^versions:/m);
  }),
);

Deno.test(
  "a run that was killed right after it was made longer resumes to its new length, with the same flags or without",
  withFolder(async (folder) => {
    const path = (name: string) => join(folder, name);
    await assertSucceeds(["pretrain", ...tiny, "--epochs", "2", "--out", path("flags")]);
    for (const name of ["none", "whole"]) cpSync(path("flags"), path(name), { recursive: true });
    const longer = ["--epochs", "3", "--stretch-schedule"];
    await assertSucceeds(["pretrain", "--resume", path("whole"), ...longer]);
    for (const name of ["flags", "none"]) {
      // The killed process had only changed the configuration.
      const config = join(path(name), "config.yaml");
      Deno.writeTextFileSync(config, Deno.readTextFileSync(config).replace("epochs: 2", "epochs: 3"));
      const { status, stderr } = await runSluice([
        "pretrain",
        "--resume",
        path(name),
        ...(name === "flags" ? longer : []),
      ]);
      assertEquals(status, 0, stderr);
      assertMatch(stderr, /: was extended from 2 to 3 epochs before it stopped; resumes with 3$/m);
      assertEquals(lastOf(path(name)), lastOf(path("whole")), name);
    }
  }),
);

Deno.test(
  "flags and files that do not fit a resumed run are refused in one line",
  withFolder(async (folder) => {
    const run = join(folder, "run");
    await assertSucceeds(["pretrain", ...tiny, "--epochs", "1", "--out", run]);
    const resume = (...more: string[]) => ["pretrain", "--resume", run, ...more];
    await assertRefused(["pretrain", "--resume", join(folder, "none")], /none: there is no such run/);
    await assertRefused(
      resume("--lr", "0.5"),
      /--lr 0\.5: the run has 0\.009375, which cannot change when it resumes; leave it/,
    );
    await assertRefused(resume("--bounds"), /--bounds: the run has false, which cannot change/);
    // Whether a value fits the run does not matter if it cannot change.
    await assertRefused(resume("--gate-warmup", "90"), /--gate-warmup 90: the run has 0, which cannot change/);
    await assertRefused(resume("--out", run), /--out with --resume: /);
    await assertRefused(resume("--preset", "small"), /--preset with --resume: /);
    await assertRefused(["pretrain", "--stretch-schedule", "--out", join(folder, "x")], /--stretch-schedule: is for/);
    const config = join(run, "config.yaml");
    const text = Deno.readTextFileSync(config);
    writeFileSync(config, text.replace(/^seed: 0$/m, "seed: 1"));
    await assertRefused(
      resume(),
      /last\.safetensors: is of another configuration: seed 0 there and 1 here; put config/,
    );
    writeFileSync(config, text);
    const checkpoint = join(run, "checkpoints", "last.safetensors");
    const bytes = lastOf(run);
    writeFileSync(checkpoint, bytes.slice(0, -1));
    await assertRefused(resume(), /last\.safetensors: not a valid safetensors file/);
    writeFileSync(join(run, "checkpoints", "last-1.safetensors"), bytes.slice(0, 99));
    const { status, stderr } = await runSluice(resume());
    assertEquals(status, 2);
    assertMatch(stderr, /^passed over .*last\.safetensors: not a valid safetensors file/m);
    assertMatch(stderr, /^sluice: .*all 2 checkpoints are damaged; begin the run again$/m);
    // A changed byte inside a number: only the checksum detects it.
    const flipped = bytes.slice();
    flipped[flipped.length - 3] = (flipped.at(-3) ?? 0) ^ 1;
    writeFileSync(checkpoint, flipped);
    assertMatch((await runSluice(["evaluate", run])).stderr, /^passed over .*its checksum is [0-9a-f]{64}, not/m);
  }),
);

Deno.test(
  "a second SIGINT ends a run at once, and leaves a complete checkpoint to resume from",
  withFolder(async (folder) => {
    const run = join(folder, "run");
    const wide = ["--width", "32", "--projector", "512", "--batch", "64", "--threads", "1", "--eval-every", "0"];
    const child = startSluice(["pretrain", ...wide, "--train-images", "64", "--test-images", "8", "--out", run]);
    const output = child.output();
    // An epoch is one step, so a checkpoint is being written whenever the signals come.
    await untilWritten(join(run, "metrics.jsonl"), '"step":3,');
    child.kill("SIGINT");
    child.kill("SIGINT");
    assertEquals((await output).code, 130);
    const { step } = RunFolder.open(run).latestCheckpoint((line) => fail(line)).state;
    assertGreaterOrEqual(step, 1, String(step));
  }),
);

Deno.test(
  "two processes cannot train one run",
  withFolder(async (folder) => {
    const run = join(folder, "run");
    const child = startSluice(["pretrain", ...tiny, "--epochs", "4096", "--out", run]);
    const output = child.output();
    await untilWritten(join(run, "metrics.jsonl"), "loss");
    await assertRefused(["pretrain", "--resume", run], new RegExp(`run: is in use by process ${child.pid}; wait`));
    child.kill("SIGKILL");
    await output;
    const after = await runSluice(["pretrain", "--resume", run, "--lr", "9"]);
    assertMatch(after.stderr, /--lr 9: the run has/, "a killed process holds no lock");
  }),
);

Deno.test({
  name: "a run ends with one line if the disk is full, and resumes when there is space again",
  ignore: Deno.build.os !== "linux" || Deno.uid() !== 0,
  fn: withFolder(async (folder) => {
    const disk = join(folder, "disk");
    const [whole, run] = [join(folder, "whole"), join(disk, "run")];
    const args = ["pretrain", ...tiny, "--epochs", "8", "--keep-checkpoints", "1", "--checkpoint-every", "1"];
    await assertSucceeds([...args, "--out", whole]);
    Deno.mkdirSync(disk);
    const mounted = await new Deno.Command("mount", {
      args: ["-t", "tmpfs", "-o", "size=700k", "tmpfs", disk],
      stderr: "null",
    }).output();
    if (!mounted.success) return console.error("skipped: no tmpfs can be mounted here");
    try {
      const { status: exitStatus, stderr } = await runSluice([...args, "--out", run]);
      assertEquals(exitStatus, 1);
      assertMatch(stderr, /^sluice: .*: cannot be written: no space is left on the device; free some$/m);
      const names = [...Deno.readDirSync(join(run, "checkpoints"))].map(({ name }) => name);
      assert(names.includes("last.safetensors"), names.join());
      assertEquals(names.filter((name) => name.endsWith(".partial")), []);
      const read = RunFolder.open(run);
      const { state } = read.latestCheckpoint((line) => fail(line));
      const status = JSON.parse(await assertSucceeds(["status", run, "--json"])) as RunStatus;
      assertEquals([status.phase, status.step, status.saved, status.steps], [
        "stopped",
        state.step,
        state.step,
        64,
      ]);
      const metrics = readFileSync(join(run, "metrics.jsonl"), "utf8");
      assert(metrics.endsWith("}\n"), "no incomplete line stays");
      for (const name of names) if (name !== "last.safetensors") Deno.removeSync(join(run, "checkpoints", name));
      const remount = async (options: string) => {
        await new Deno.Command("mount", { args: ["-o", `remount,${options}`, disk] }).output();
      };
      await remount("ro,size=50m");
      const readOnly = await runSluice(["pretrain", "--resume", run]);
      assertMatch(
        readOnly.stderr,
        /^sluice: .*lock: cannot be written: the file system is read-only; make it writable$/m,
      );
      await remount("rw,size=50m");
      await assertSucceeds(["pretrain", "--resume", run]);
      assertEquals(lastOf(run), lastOf(whole));
    } finally {
      await new Deno.Command("umount", { args: [disk] }).output();
    }
  }),
});
