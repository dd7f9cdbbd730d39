/**
 * Tests that inference computes in f32 unless it is told otherwise, and that every result names its precision.
 *
 * @module
 */
import { assertEquals, assertMatch, assertNotEquals, assertNotMatch } from "@std/assert";
import { join } from "@std/path";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { openDevice } from "../devices.ts";
import { withFolder } from "../folders.ts";
import { tinyBase } from "../sweep/tiny_sweep.ts";
import { assertRefused, assertSucceeds } from "./run_sluice.ts";

using device = openDevice();
const { bf16, tf32 } = device.description;
const tiny = [
  ...["--width", "4", "--projector", "16", "--batch", "8", "--threads", "1"],
  ...["--train-images", "16", "--test-images", "16", "--epochs", "1"],
];

Deno.test({
  name: "evaluate and embed compute in f32, or in the precision asked for, and say which",
  ignore: !bf16,
  fn: withFolder(async (folder) => {
    const run = join(folder, "run");
    await assertSucceeds(["pretrain", ...tiny, "--precision", "bf16", "--out", run]);
    const lines = readFileSync(join(run, "metrics.jsonl"), "utf8").trimEnd().split("\n");
    assertEquals(JSON.parse(lines.at(-1) ?? "").precision, "bf16", "a run evaluates itself in its own precision");

    const evaluate = ["evaluate", run, "--protocol", "knn", "--threads", "1"];
    const evaluated = async (...flags: string[]) => JSON.parse(await assertSucceeds([...evaluate, ...flags, "--json"]));
    assertEquals((await evaluated()).precision, "f32");
    assertEquals((await evaluated("--precision", "bf16")).precision, "bf16");
    assertMatch(await assertSucceeds([...evaluate, "--precision", "bf16"]), /^networks computed in bf16; /m);
    assertNotMatch(await assertSucceeds(evaluate), /computed in/);

    const embedded = async (name: string, ...flags: string[]) => {
      const file = join(folder, name);
      const args = ["embed", run, "test", "--out", file, "--threads", "1", "--json", ...flags];
      const { precision } = JSON.parse(await assertSucceeds(args));
      return { precision, bytes: readFileSync(file) };
    };
    const [usual, f32, rounded] = [
      await embedded("usual.npy"),
      await embedded("f32.npy", "--precision", "f32"),
      await embedded("bf16.npy", "--precision", "bf16"),
    ];
    assertEquals(usual, f32);
    assertEquals([f32.precision, rounded.precision], ["f32", "bf16"]);
    assertNotEquals(rounded.bytes, f32.bytes);
  }),
});

Deno.test({
  name: "a precision that the device lacks is refused",
  ignore: tf32,
  fn: withFolder(async (folder) => {
    const run = join(folder, "run");
    await assertSucceeds(["pretrain", ...tiny, "--out", run]);
    for (const command of [["evaluate", run], ["embed", run, "test", "--out", join(folder, "test.npy")]]) {
      await assertRefused([...command, "--precision", "tf32"], /--precision tf32: .*cannot compute in it; give/);
      await assertRefused([...command, "--precision", "f16"], /--precision f16: /);
    }
    await assertRefused(["bench", "infer", "--precision", "tf32"], /--precision tf32: .*cannot compute in it; give/);
  }),
});

Deno.test({
  name: "a sweep evaluates in the spec's precision, its results and report name it, and another one evaluates anew",
  ignore: !bf16,
  fn: withFolder(async (folder) => {
    const out = join(folder, "sweep");
    const sweptIn = async (precision: string) => {
      const spec = join(folder, "spec.yaml");
      writeFileSync(spec, `${tinyBase}runs: [{mode: gated}]\nevaluate: {protocol: [knn], precision: ${precision}}\n`);
      await assertSucceeds(["sweep", spec, "--out", out]);
      const lines = readFileSync(join(out, "results.csv"), "utf8").trimEnd().split("\n");
      const [heads, row] = lines.map((line) => line.split(","));
      await assertSucceeds(["report", out, "--out", join(folder, "page.html")]);
      const [, shown] = /<dt>evaluated in<\/dt><dd>(\w+)<\/dd>/.exec(readFileSync(join(folder, "page.html"), "utf8")) ??
        [];
      return [row?.[heads?.indexOf("precision") ?? NaN], shown];
    };
    assertEquals(await sweptIn("bf16"), ["bf16", "bf16"]);
    assertEquals(await sweptIn("f32"), ["f32", "f32"]);
  }),
});

Deno.test({
  name: "a sweep whose evaluation the device cannot compute is refused before it begins",
  ignore: tf32,
  fn: withFolder(async (folder) => {
    const spec = join(folder, "spec.yaml");
    writeFileSync(spec, `${tinyBase}runs: [{mode: gated}]\nevaluate: {precision: tf32}\n`);
    await assertRefused(["sweep", spec, "--out", join(folder, "sweep")], /--precision tf32: .*cannot compute in it/);
    assertEquals(existsSync(join(folder, "sweep", "runs")), false);
  }),
});
