/**
 * Tests of the owner of a run or a sweep: folders that another process replaced, linked files, read-only disks, and
 * locks that name a foreign process.
 *
 * @module
 */
import { assert, assertEquals, assertGreaterOrEqual, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { isRunningHere, ownIdentity, SystemCalls } from "../../src/machine/mod.ts";
import { tinyBase } from "../sweep/tiny_sweep.ts";
import { withFolder } from "../folders.ts";
import { assertRefused, assertSucceeds, runSluice, startSluice, untilWritten } from "./run_sluice.ts";

const tiny = [
  ...["--width", "4", "--projector", "16", "--batch", "8", "--threads", "1", "--quiet"],
  ...["--train-images", "64", "--test-images", "32", "--eval-every", "0"],
];

function filesOf(folder: string): Record<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = entries.map(({ parentPath, name }) => join(parentPath, name)).toSorted();
  return Object.fromEntries(paths.map((path) => [path, readFileSync(path, "latin1")]));
}

Deno.test(
  "a halted trainer whose folder was replaced by another run ends with 1, and does not change that run",
  withFolder(async (folder) => {
    const run = join(folder, "run");
    const halted = startSluice(["pretrain", ...tiny, "--epochs", "4096", "--out", run]);
    const output = halted.output();
    await untilWritten(join(run, "metrics.jsonl"), "loss");
    halted.kill("SIGSTOP");
    rmSync(run, { recursive: true });
    await assertSucceeds(["pretrain", ...tiny, "--epochs", "1", "--seed", "5", "--out", run]);
    const before = filesOf(folder);
    halted.kill("SIGCONT");
    const { code, stderr } = await output;
    const message = new TextDecoder().decode(stderr);
    assertMatch(message, /^sluice: \S+run: was removed or replaced while this process worked on it; [^\n]+\n$/);
    assertEquals(code, 1);
    assertEquals(filesOf(folder), before);
  }),
);

Deno.test(
  "evaluate, export and embed refuse weights of another configuration",
  withFolder(async (folder) => {
    const [run, other] = [join(folder, "run"), join(folder, "other")];
    await assertSucceeds(["pretrain", ...tiny, "--epochs", "1", "--out", run]);
    await assertSucceeds(["pretrain", ...tiny, "--epochs", "1", "--seed", "5", "--out", other]);
    cpSync(join(other, "config.yaml"), join(run, "config.yaml"));
    const message = /last\.safetensors: is of another configuration: seed 0 there and 5 here; put config\.yaml back/;
    await assertRefused(["evaluate", run], message);
    await assertRefused(["export", run, "--out", join(folder, "x.safetensors")], message);
    await assertRefused(["embed", run, "test", "--out", join(folder, "x.npy")], message);
    assertEquals(readdirSync(folder).toSorted(), ["other", "run"]);
  }),
);

Deno.test(
  "a linked file of a run is refused by name and its target stays, but a linked folder of checkpoints works",
  withFolder(async (folder) => {
    const [run, victim, scratch] = [join(folder, "run"), join(folder, "victim"), join(folder, "scratch")];
    await assertSucceeds(["pretrain", ...tiny, "--epochs", "1", "--out", run]);
    const longer = ["pretrain", "--resume", run, "--epochs", "2", "--stretch-schedule", "--quiet"];
    for (const name of ["lock", "metrics.jsonl", "evaluation.json"]) {
      const path = join(run, name);
      const own = existsSync(path) ? readFileSync(path) : null;
      Deno.writeTextFileSync(victim, "precious");
      rmSync(path, { force: true });
      symlinkSync(victim, path);
      const message = new RegExp(`run/${name}: is a link and must be a file`);
      for (const args of [longer, ["evaluate", run], ["status", run]]) await assertRefused(args, message);
      assertEquals(readFileSync(victim, "utf8"), "precious");
      rmSync(path);
      if (own !== null) Deno.writeFileSync(path, own);
    }
    renameSync(join(run, "checkpoints"), scratch);
    symlinkSync(scratch, join(run, "checkpoints"));
    await assertSucceeds(longer);
    assertEquals(JSON.parse(await assertSucceeds(["status", run, "--json"])).phase, "finished");
    renameSync(scratch, `${scratch}-unmounted`);
    await assertRefused(["pretrain", "--resume", run], /checkpoints: is a link to \S+, which is not there; mount/);
  }),
);

Deno.test({
  name: "a run on a read-only disk can be evaluated, and no command starts to write there (needs root to mount a disk)",
  ignore: Deno.build.os !== "linux" || Deno.uid() !== 0,
  fn: withFolder(async (folder) => {
    const disk = join(folder, "disk");
    mkdirSync(disk);
    const mount = async (...args: string[]) =>
      (await new Deno.Command("mount", { args, stderr: "null" }).output()).success;
    if (!await mount("-t", "tmpfs", "tmpfs", disk)) return console.error("skipped: no tmpfs can be mounted here");
    try {
      const run = join(disk, "run");
      await assertSucceeds(["pretrain", ...tiny, "--epochs", "1", "--out", run]);
      assert(await mount("-o", "remount,ro", disk));
      const { status, stdout, stderr } = await runSluice(["evaluate", run, "--protocol", "knn", "--json"]);
      assertEquals(status, 0, stderr);
      assertMatch(stderr, /^\S+run: is not writable; the results are printed, but not stored\n/);
      assertGreaterOrEqual(JSON.parse(stdout).networks.gated.knn20, 0);
      const message = (out: string) =>
        new RegExp(`--out ${out}: ${disk} is not writable; make it writable or give another path`);
      for (const [out, args] of [["x.safetensors", ["export", run]], ["x.npy", ["embed", run, "test"]]] as const) {
        await assertRefused([...args, "--out", join(disk, out)], message(join(disk, out)));
      }
      await assertRefused(
        ["data", "fetch", "cifar10", "--data", disk],
        /disk: cannot be written; give --data another/,
      );
      await assertRefused(["report", run, "--out", join(disk, "x.html")], message(join(disk, "x.html")));
      await assertSucceeds(["export", run, "--out", join(folder, "x.safetensors")]);
    } finally {
      await new Deno.Command("umount", { args: [disk] }).output();
    }
  }),
});

/** The start time of a process as the kernel reports it. */
function startOf(pid: number): string {
  using system = new SystemCalls();
  return system.read(`/proc/${pid}/stat`)?.split(") ")[1]?.split(" ")[19] ?? "";
}

Deno.test(
  "sweep cancel signals the process in the lock only if machine and start time match",
  withFolder(async (folder) => {
    const [spec, out] = [join(folder, "spec.yaml"), join(folder, "sweep")];
    Deno.writeTextFileSync(spec, `${tinyBase.replace("epochs: 4", "epochs: 1")}evaluate: [knn]\n`);
    await assertSucceeds(["sweep", spec, "--out", out, "--quiet"]);
    const host = ownIdentity()?.host ?? "";
    const bystander = new Deno.Command("sleep", { args: ["600"] }).spawn();
    const { pid } = bystander;
    const start = startOf(pid);
    assert(isRunningHere({ pid, host, start }));
    using lock = Deno.openSync(join(out, "lock"), { read: true, write: true });
    assert(lock.tryLockSync(true));
    const cancel = async (text: string) => {
      Deno.writeTextFileSync(join(out, "lock"), text);
      const { status, stderr } = await runSluice(["sweep", "cancel", out]);
      assertEquals(status, 0, stderr);
      return stderr;
    };
    const others = [
      "",
      "-1",
      "0\n",
      `${pid}\n`,
      `${pid}\nnode7\n${start}\n`,
      `${pid}\n${host}\n${Number(start) - 1}\n`,
    ];
    for (const text of others) {
      assertMatch(await cancel(text), /no signal is sent \(its lock names no process of this machine\); a request is/);
      assert(isRunningHere({ pid, host, start }), text);
      assert(existsSync(join(out, "stop")));
      rmSync(join(out, "stop"));
    }
    assertMatch(await cancel(`${pid}\n${host}\n${start}\n`), new RegExp(`process ${pid} was asked to save`));
    assertEquals((await bystander.status).signal, "SIGTERM");
    assertEquals(existsSync(join(out, "stop")), false);
  }),
);

Deno.test(
  "if two sweeps start in one folder at the same time, one is refused and the other one's plan is kept",
  withFolder(async (folder) => {
    const out = join(folder, "sweep");
    const specs = [0, 1].map((number) => {
      const path = join(folder, `${number}.yaml`);
      Deno.writeTextFileSync(path, `${tinyBase}seeds: [${number}]\nevaluate: [knn]\n`);
      return path;
    });
    const ended = await Promise.all(specs.map((spec) => runSluice(["sweep", spec, "--out", out, "--quiet"])));
    const { runs } = JSON.parse(readFileSync(join(out, "plan.json"), "utf8"));
    const winner = ended.findIndex(({ status }) => status === 0);
    assertEquals(ended.map(({ status }) => status).toSorted(), [0, 2], ended.map(({ stderr }) => stderr).join());
    // The loser finds either the lock or, if it comes late, a complete sweep with other runs.
    assertMatch(
      ended[1 - winner]?.stderr ?? "",
      /^sluice: \S+sweep: (is in use by process \d+; wait|run run has seed)/,
    );
    assertEquals(runs.map(({ config }: { config: { seed: number } }) => config.seed), [winner]);
  }),
);

Deno.test(
  "a halted sweep whose folder was replaced by another sweep ends with 1, and starts no run there",
  withFolder(async (folder) => {
    const [spec, other, out] = [join(folder, "spec.yaml"), join(folder, "other.yaml"), join(folder, "sweep")];
    Deno.writeTextFileSync(spec, `${tinyBase}seeds: [0, 1]\nevaluate: [knn]\n`);
    Deno.writeTextFileSync(other, `${tinyBase}seeds: [7]\nevaluate: [knn]\n`);
    const halted = startSluice(["sweep", spec, "--out", out, "--quiet"]);
    const output = halted.output();
    await untilWritten(join(out, "runs", "seed=0", "metrics.jsonl"), "loss");
    halted.kill("SIGSTOP");
    rmSync(out, { recursive: true });
    await assertSucceeds(["sweep", other, "--out", out, "--quiet"]);
    const before = filesOf(folder);
    halted.kill("SIGCONT");
    const { code, stderr } = await output;
    assertMatch(new TextDecoder().decode(stderr), /^sluice: \S+sweep: was removed or replaced while this process/m);
    assertEquals(code, 1);
    assertEquals(filesOf(folder), before);
  }),
);
