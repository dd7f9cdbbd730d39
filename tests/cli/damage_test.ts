/**
 * Tests of commands on runs with damaged files or a failed training: one line names the fault, and the rest still
 * works.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertNotMatch } from "@std/assert";
import { join } from "@std/path";
import { readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { readSafetensors, writeSafetensors } from "../../src/formats/mod.ts";
import type { RunStatus } from "../../src/run/run_status.ts";
import { withFolder } from "../folders.ts";
import { assertRefused, assertSucceeds, runSluice } from "./run_sluice.ts";

const tiny = [
  ...["--width", "4", "--projector", "16", "--batch", "8", "--threads", "1"],
  ...["--train-images", "32", "--test-images", "16", "--eval-every", "0"],
];

async function statusOf(run: string): Promise<RunStatus> {
  return JSON.parse(await assertSucceeds(["status", run, "--json"])) as RunStatus;
}

Deno.test(
  "the status of a diverged run says so, and does not suggest --resume",
  withFolder(async (folder) => {
    const run = join(folder, "run");
    const wild = ["--lr", "1e38", "--optimizer", "sgd"];
    const { status } = await runSluice(["pretrain", ...tiny, ...wild, "--epochs", "3", "--out", run]);
    assertEquals(status, 1);
    const { phase, step, last, failure } = await statusOf(run);
    assertEquals([phase, step, last?.loss], ["stopped", 0, null]);
    assertMatch(failure ?? "", /^step 2: the loss is not finite at --lr 1e\+38; begin again with a smaller --lr/);
    const text = await assertSucceeds(["status", run]);
    assertMatch(text, /^state +failed: step 2: the loss is not finite/m);
    assertMatch(text, /^loss +NaN$/m);
    assertNotMatch(text, /--resume/);
    await assertSucceeds(["report", run, "--out", join(folder, "page.html")]);
  }),
);

Deno.test(
  "only a damaged line of metrics is lost: status and --resume name its number, and --resume removes it",
  withFolder(async (folder) => {
    const run = join(folder, "run");
    await assertSucceeds(["pretrain", ...tiny, "--epochs", "3", "--out", run]);
    const metrics = join(run, "metrics.jsonl");
    const lines = readFileSync(metrics, "utf8").trimEnd().split("\n");
    writeFileSync(metrics, lines.map((line, index) => `${index === 2 ? line.replace(",", "l") : line}\n`).join(""));
    assertEquals((await statusOf(run)).damagedLines, [3]);
    assertMatch(await assertSucceeds(["status", run]), /^damaged +line 3 of metrics\.jsonl, left out$/m);
    const longer = ["pretrain", "--resume", run, "--epochs", "4", "--stretch-schedule"];
    const { status, stderr } = await runSluice(longer);
    assertEquals(status, 0, stderr);
    assertMatch(stderr, /^.*metrics\.jsonl: line 3 is damaged and is removed; the others stay$/m);
    const steps = readFileSync(metrics, "utf8").trimEnd().split("\n").map((line) => JSON.parse(line).step);
    assertEquals(steps, [1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
  }),
);

Deno.test(
  "a checkpoint without its checksum is refused, and the one before it is used",
  withFolder(async (folder) => {
    const run = join(folder, "run");
    await assertSucceeds(["pretrain", ...tiny, "--epochs", "2", "--out", run]);
    const [last, before] = ["last", "last-1"].map((name) => join(run, "checkpoints", `${name}.safetensors`));
    assert(last !== undefined && before !== undefined);
    const strip = (path: string) => {
      const { tensors, metadata: { sha256: _, ...metadata } } = readSafetensors(path);
      writeSafetensors(path, tensors, metadata);
    };
    strip(last);
    const refused = /last\.safetensors: not a valid safetensors file: it states no checksum \(sha256\)/;
    const { status, stderr } = await runSluice(["evaluate", run, "--protocol", "knn"]);
    assertEquals([status, refused.test(stderr)], [0, true], stderr);
    assertEquals((await statusOf(run)).step, 4);
    strip(before);
    for (
      const command of [["evaluate", run], ["pretrain", "--resume", run], [
        "export",
        run,
        "--out",
        join(folder, "x.safetensors"),
      ]]
    ) {
      const ending = await runSluice(command);
      assertEquals(ending.status, 2, command.join(" "));
      assertMatch(ending.stderr, /^sluice: .*all 2 checkpoints are damaged; begin the run again$/m);
    }
    assertEquals((await statusOf(run)).checkpoint, null);
  }),
);

Deno.test(
  "files of absurd sizes are refused in one line, and take no memory",
  withFolder(async (folder) => {
    const run = join(folder, "run");
    await assertSucceeds(["pretrain", ...tiny, "--epochs", "1", "--out", run]);
    const checkpoint = join(run, "checkpoints", "last.safetensors");
    const bytes = readFileSync(checkpoint);
    writeFileSync(checkpoint, new BigUint64Array([2n ** 60n, 0n]));
    await assertRefused(["evaluate", run], /last\.safetensors: .*header of 1152921504606846976 bytes, the limit is/);
    writeFileSync(checkpoint, bytes);
    truncateSync(checkpoint, 2 ** 40);
    await assertRefused(["pretrain", "--resume", run], /last\.safetensors: .*the last \d+ bytes belong to no tensor/);
    assertEquals((await statusOf(run)).checkpoint, null);
    writeFileSync(checkpoint, bytes);
    truncateSync(join(run, "config.yaml"), 2 ** 40);
    await assertRefused(
      ["status", run],
      /config\.yaml: has 1099511627776 bytes, more than any file that sluice writes/,
    );
    writeFileSync(join(run, "config.yaml"), "");
  }),
);

Deno.test(
  "resuming a run removes the half-written files of a killed process",
  withFolder(async (folder) => {
    const run = join(folder, "run");
    await assertSucceeds(["pretrain", ...tiny, "--epochs", "1", "--out", run]);
    const left = ["metrics.jsonl.4.partial", "config.yaml.4.partial", "checkpoints/last.safetensors.4.partial"];
    // The first command finds the run finished and trains nothing; the second trains one more epoch.
    for (const more of [[], ["--epochs", "2", "--stretch-schedule"]]) {
      for (const name of [...left, "checkpoints/last.safetensors.new"]) writeFileSync(join(run, name), "a part");
      await assertSucceeds(["pretrain", "--resume", run, ...more]);
      const names = [...readdirSync(run), ...readdirSync(join(run, "checkpoints"))];
      assertEquals(names.filter((name) => /\.partial$|\.new$/.test(name)), []);
    }
  }),
);
