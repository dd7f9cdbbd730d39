/**
 * Tests of the defaults that depend on a run's images and on the machine.
 *
 * @module
 */
import { assert, assertEquals, assertLess, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { SystemCalls } from "../../src/machine/mod.ts";
import process from "node:process";
import { writeGreyJpeg } from "../data/grey_jpeg.ts";
import { withFolder } from "../folders.ts";
import { selfCommand } from "../../cli/self.ts";
import { assertRefused, assertSucceeds, finish, runSluice, startSluice, untilWritten } from "./run_sluice.ts";

function writePhotographs(folder: string, count: number): void {
  for (let image = 0; image < count; image++) {
    writeGreyJpeg(join(folder, `${image}.jpg`), 3000, 4000, 64 + 12 * image);
  }
}

Deno.test(
  "ten photographs of 12 megapixels train with default options in less than 2 GB, and the run states its memory",
  withFolder(async (folder) => {
    const [photographs, run] = [join(folder, "photographs"), join(folder, "run")];
    writePhotographs(photographs, 10);
    const command = startSluice(["pretrain", "--dataset", "images", "--data", photographs, "--out", run]);
    await untilWritten(join(run, "metrics.jsonl"), '"step":3,');
    using system = new SystemCalls();
    const status = system.read(`/proc/${command.pid}/status`) ?? "";
    const peak = 1024 * Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]);
    command.kill("SIGTERM");
    const { code, stderr } = await command.output();
    assertEquals(code, 143);
    const stated = /^batch 10: needs about ([\d.]+) GB of the \d[\d.]* GB of memory$/m.exec(
      new TextDecoder().decode(stderr),
    );
    assertLess(peak, 2e9, `${peak} bytes at most`);
    assertLess(Number(stated?.[1]), 2, `stated: ${stated?.[0]}`);
    const config = readFileSync(join(run, "config.yaml"), "utf8");
    for (const line of [/^stem: imagenet$/m, /^batch: 10$/m, /^lr: 0\.01171875$/m]) assertMatch(config, line);
  }),
);

Deno.test(
  "--print-config, sweeps and runs agree on the default batch for few images, and --batch is kept or refused",
  withFolder(async (folder) => {
    const tiny = ["--width", "4", "--stem", "imagenet", "--budget", "0.8", "--projector", "8", "--threads", "1"];
    const few = [...tiny, "--train-images", "20", "--test-images", "8", "--epochs", "12", "--eval-every", "0"];
    const printed = await assertSucceeds(["pretrain", ...few, "--print-config", "--quiet"]);
    assertMatch(printed, /^batch: 20$/m);
    const run = join(folder, "run");
    const { status, stderr } = await runSluice(["pretrain", ...few, "--out", run]);
    assertEquals(status, 0, stderr);
    assertMatch(stderr, /^batch 20: needs about \d+ MB of the \d+ GB of memory$/m);
    assertMatch(stderr, /^about \d+ s for 12 epochs$/m);
    assertMatch(readFileSync(join(run, "config.yaml"), "utf8"), /^batch: 20\n[\s\S]*^lr: 0\.0234375$/m);
    const spec = join(folder, "spec.yaml");
    writeFileSync(
      spec,
      "base: {width: 4, stem: imagenet, budget: 0.8, projector: 8, train-images: 20, test-images: 8, epochs: 1}\n" +
        "grid: {lr: [0.01]}\nevaluate: [knn]\n",
    );
    await assertSucceeds(["sweep", spec, "--out", join(folder, "sweep"), "--quiet"]);
    const plan = JSON.parse(readFileSync(join(folder, "sweep", "plan.json"), "utf8"));
    assertEquals(plan.runs[0].config.batch, 20);
    await assertRefused(
      ["pretrain", ...few, "--batch", "21", "--out", join(folder, "no")],
      /--batch 21: there are only 20 training images/,
    );
    assertEquals(existsSync(join(folder, "no")), false);
  }),
);

Deno.test("--print-config without the data says that the default batch may be smaller", async () => {
  const { status, stdout, stderr } = await runSluice(["pretrain", "--dataset", "images", "--print-config"]);
  assertEquals(status, 0);
  assertMatch(stdout, /^batch: 256$/m);
  assertMatch(stderr, /^batch 256, unless there are fewer images or less memory: .*give --data DIR/);
});

/** Makes a control group with a memory limit for this test. @returns its path, or null if it cannot be made. */
function limitedGroup(bytes: number): string | null {
  const path = `/sys/fs/cgroup/memory/sluice_test_${process.pid}`;
  try {
    mkdirSync(path);
    writeFileSync(join(path, "memory.limit_in_bytes"), String(bytes));
    return path;
  } catch {
    // Not root, or control groups of version 2: the test is ignored.
    return null;
  }
}

/** Tries whether such a group can be made. */
function canLimit(): boolean {
  const path = limitedGroup(2e9);
  if (path !== null) rmdirSync(path);
  return path !== null;
}

Deno.test({
  name: "in a control group of 2 GB the default batch is smaller (needs root and control groups of version 1)",
  ignore: !canLimit(),
  fn: async () => {
    const group = limitedGroup(2e9);
    try {
      const inside = (args: readonly string[]) => {
        const script = `echo $$ > ${group}/cgroup.procs && exec "$@"`;
        return finish("/bin/sh", ["-c", script, "sh", ...selfCommand(), ...args], {});
      };
      const { status, stdout, stderr } = await inside(["pretrain", "--test-images", "50", "--print-config"]);
      assertEquals(status, 0, stderr);
      const batch = Number(/^batch: (\d+)$/m.exec(stdout)?.[1]);
      assert(batch >= 8 && batch <= 128 && batch % 8 === 0, `${batch} images a step`);
      const refused = await inside(["pretrain", "--test-images", "50", "--batch", "256", "--out", "/nowhere/run"]);
      assertEquals(refused.status, 2);
      assertMatch(
        refused.stderr,
        /--batch 256: needs about [\d.]+ GB of memory, and there are 2\.0 GB; give --batch \d+ or less/,
      );
    } finally {
      if (group !== null) rmdirSync(group);
    }
  },
});
