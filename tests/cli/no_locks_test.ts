/**
 * Tests of runs, sweeps and data sets on file systems without locks: they work, and warn about the missing protection.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { hasBegun } from "../sweep/outcome.ts";
import { tinyBase } from "../sweep/tiny_sweep.ts";
import { withFolder } from "../folders.ts";
import { withoutLocks } from "./no_locks.ts";
import { assertRefused, assertSucceeds, runSluice, startSluice, untilWritten } from "./run_sluice.ts";

const tiny = [
  ...["--width", "4", "--projector", "16", "--batch", "8", "--threads", "1"],
  ...["--train-images", "16", "--test-images", "16", "--eval-every", "0"],
];

type Refusal = (error: number) => Record<string, string>;

/** A test with a folder, and with variables that make every lock fail. */
function onNoLocks(name: string, test: (folder: string, refusing: Refusal) => Promise<void>): void {
  Deno.test({
    name: `${name} (needs a C compiler)`,
    ignore: Deno.build.os !== "linux",
    fn: withFolder(async (folder) => {
      const refusing = await withoutLocks(folder);
      if (refusing === null) return console.error("skipped: there is no C compiler");
      await test(folder, refusing);
    }),
  });
}

onNoLocks(
  "a run without locks trains, resumes, is evaluated and has a status, for every error number",
  async (folder, refusing) => {
    const run = join(folder, "run");
    const assertWarns = async (error: number, args: readonly string[], line: RegExp) => {
      const { status, stderr } = await runSluice(args, refusing(error));
      assertEquals(status, 0, stderr);
      assertMatch(stderr, line);
    };
    const warning = /^\S+run: its file system has no locks \([^\n]*\): make sure that no process on another machine/m;
    await assertWarns(37, ["pretrain", ...tiny, "--epochs", "1", "--out", run], warning);
    await assertWarns(38, ["pretrain", "--resume", run, "--epochs", "2", "--stretch-schedule"], warning);
    await assertWarns(
      95,
      ["status", run],
      /has no locks \([^\n]*\): a process that trains it on another machine is invisible here\n$/,
    );
    await assertWarns(22, ["status", run], /has no locks/);
    await assertSucceeds(["evaluate", run, "--protocol", "knn"], refusing(37));
    const state = JSON.parse(await assertSucceeds(["status", run, "--json", "--quiet"], refusing(37)));
    assertEquals([state.phase, state.process, state.step], ["finished", null, 4]);
  },
);

onNoLocks("without locks a second process on the same machine is still refused", async (folder, refusing) => {
  const run = join(folder, "run");
  const child = startSluice(["pretrain", ...tiny, "--epochs", "4096", "--out", run, "--quiet"], refusing(38));
  const output = child.output();
  await untilWritten(join(run, "metrics.jsonl"), "loss");
  await assertRefused(
    ["pretrain", "--resume", run],
    new RegExp(`run: is in use by process ${child.pid}; wait`),
    refusing(38),
  );
  const state = JSON.parse(await assertSucceeds(["status", run, "--json"], refusing(38)));
  assertEquals([state.phase, state.process], ["running", child.pid]);
  child.kill("SIGTERM");
  assertEquals((await output).code, 143);
  assertEquals(Deno.readTextFileSync(join(run, "lock")), "", "the lock of an idle run names no process");
});

onNoLocks("without locks a request in the sweep's folder cancels a sweep", async (folder, refusing) => {
  const [spec, out] = [join(folder, "spec.yaml"), join(folder, "sweep")];
  writeFileSync(spec, `${tinyBase.replace("epochs: 4", "epochs: 4000")}seeds: [0, 1]\n`);
  const sweep = startSluice(["sweep", spec, "--out", out], refusing(37));
  const output = sweep.output();
  while (!existsSync(join(out, "runs")) || !readdirSync(join(out, "runs")).some((name) => hasBegun(out, name))) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const { status, stderr } = await runSluice(["sweep", "cancel", out], refusing(37));
  assertEquals(status, 0, stderr);
  assertMatch(stderr, new RegExp(`no signal is sent \\([^\n]*no locks[^\n]*\\); .* for process ${sweep.pid} to save`));
  const ended = await output;
  assertEquals(ended.code, 143, new TextDecoder().decode(ended.stderr));
  assertEquals(existsSync(join(out, "stop")), false);
  const { runs } = JSON.parse(await assertSucceeds(["sweep", "status", out, "--json"]));
  assertEquals(runs.map(({ phase }: { phase: string }) => phase), ["stopped", "waiting"]);
  assert(existsSync(join(out, "runs", "seed=0", "checkpoints", "last.safetensors")));
});

onNoLocks("without locks several processes can fetch one data set", async (folder, refusing) => {
  const [source, data, archive] = [join(folder, "source"), join(folder, "data"), join(folder, "archive.tar")];
  mkdirSync(join(source, "cifar-100-binary"), { recursive: true });
  for (const name of ["train.bin", "test.bin"]) {
    writeFileSync(join(source, "cifar-100-binary", name), new Uint8Array(3074));
  }
  const packed = await new Deno.Command("tar", { args: ["-cf", archive, "-C", source, "cifar-100-binary"] }).output();
  assert(packed.success);
  const fetches = Array.from(
    { length: 3 },
    () => runSluice(["data", "fetch", "cifar100", "--from", archive, "--data", data], refusing(95)),
  );
  for (const { status, stderr } of await Promise.all(fetches)) assertEquals(status, 0, stderr);
  assertEquals(readdirSync(data), ["cifar-100-binary"]);
  assertEquals(readdirSync(join(data, "cifar-100-binary")).toSorted(), ["test.bin", "train.bin"]);
});
