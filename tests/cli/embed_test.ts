/**
 * Tests of the files and the refusals of `sluice embed`.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { join } from "@std/path";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { decodeNpy } from "../../src/formats/mod.ts";
import { writeDamagedPng, writePng } from "../data/image_files.ts";
import { withFolder } from "../folders.ts";
import { assertRefused, assertSucceeds, runSluice } from "./run_sluice.ts";

const tiny = ["--width", "4", "--projector", "16", "--batch", "8", "--epochs", "1", "--eval-every", "0"];
const device = ["--device", "cpu", "--precision", "f32", "--threads", "1"];
const images = ["--train-images", "24", "--test-images", "16"];

async function trainTiny(run: string, more: readonly string[] = []): Promise<void> {
  await assertSucceeds(["pretrain", ...tiny, ...device, ...images, "--out", run, "--quiet", ...more]);
}

function linesOf(path: string): string[] {
  return readFileSync(path, "utf8").split("\n").slice(0, -1);
}

Deno.test(
  "embed writes a split's features, names and labels, by default of the gated network",
  withFolder(async (folder) => {
    const run = join(folder, "run");
    await trainTiny(run);
    const out = join(folder, "test.npy");
    const document: unknown = JSON.parse(await assertSucceeds(["embed", run, "test", "--out", out, "--json"]));
    const files = [join(folder, "test.txt"), join(folder, "test.labels.npy"), out];
    assertEquals(document, { run, network: "gated", precision: "f32", images: 16, features: 32, files, skipped: [] });
    const features = decodeNpy(readFileSync(out));
    assertEquals(features.shape, [16, 32]);
    assert(features.data instanceof Float32Array && features.data.every(Number.isFinite));
    const labels = decodeNpy(readFileSync(join(folder, "test.labels.npy")));
    assertEquals([...labels.data], Array.from({ length: 16 }, (_, image) => image % 10));
    assertEquals(linesOf(join(folder, "test.txt")).slice(0, 2), ["test/0", "test/1"]);

    const again = join(folder, "again.npy");
    await assertSucceeds(["embed", run, "test", "--network", "gated", "--out", again]);
    assertEquals(readFileSync(again), readFileSync(out), "the same bytes");
    const dense = join(folder, "dense.npy");
    await assertSucceeds(["embed", run, "test", "--network", "dense", "--out", dense]);
    assertNotEquals(readFileSync(dense), readFileSync(out));
    await assertSucceeds(["embed", run, "train", "--out", join(folder, "train.npy")]);
    assertEquals(decodeNpy(readFileSync(join(folder, "train.npy"))).shape, [24, 32]);
  }),
);

Deno.test(
  "embed reads a folder at any depth, in the run's image size, and leaves out damaged files",
  withFolder(async (folder) => {
    const [run, photographs, out] = [join(folder, "run"), join(folder, "photographs"), join(folder, "all.npy")];
    await trainTiny(run, ["--mode", "vanilla"]);
    const files = ["a.png", join("deep", "er", "b.png"), join("deep", "c.png")].map((name) => join(photographs, name));
    files.forEach((path, index) => writePng(path, 40 + index, 50, index));
    const [text, cut] = [join(photographs, "text.png"), join(photographs, "deep", "cut.png")];
    writeFileSync(text, "no image");
    writeDamagedPng(cut, 24, 20);
    const { status, stderr, stdout } = await runSluice(["embed", run, photographs, "--out", out, "--json"]);
    assertEquals(status, 0, stderr);
    assertMatch(stderr, /left out .*text\.png: /);
    assertMatch(stderr, /left out .*cut\.png: /);
    const { network, skipped } = JSON.parse(stdout) as { network: string; skipped: { path: string }[] };
    assertEquals(network, "dense");
    assertEquals(skipped.map(({ path }) => path).sort(), [cut, text].sort());
    assertEquals(linesOf(join(folder, "all.txt")).sort(), [...files].sort());
    assertEquals(readdirSync(folder).sort(), ["all.npy", "all.txt", "photographs", "run"]);

    // A row has the features of the file in the same line of the list, whatever else is in the folder.
    const alone = join(folder, "alone");
    writePng(join(alone, "c.png"), 42, 50, 2);
    await assertSucceeds(["embed", run, alone, "--out", join(folder, "alone.npy")]);
    const all = decodeNpy(readFileSync(out));
    const line = linesOf(join(folder, "all.txt")).indexOf(files[2] ?? "");
    const expected = decodeNpy(readFileSync(join(folder, "alone.npy"))).data;
    const row = all.data.subarray(line * expected.length, (line + 1) * expected.length);
    const errors = Array.from(row, (value, at) => Math.abs(value - (expected[at] ?? NaN)));
    assert(errors.every((error) => error < 1e-5), `${Math.max(...errors)}`);
  }),
);

Deno.test(
  "embed refuses in one line, and writes nothing",
  withFolder(async (folder) => {
    const [run, out] = [join(folder, "run"), join(folder, "x.npy")];
    await trainTiny(run, ["--mode", "vanilla"]);
    const refused = (args: readonly string[], message: RegExp) => assertRefused(["embed", ...args], message);
    await refused([run, "test"], /give --out FILE\.npy/);
    await refused([run, "test", "--out", join(folder, "x.csv")], /x\.csv: features are written as \.npy/);
    await refused([run, "test", "--out", join(folder, "none", "x.npy")], /there is no folder .*none/);
    await refused(
      [run, "test", "--out", out, "--network", "gated"],
      /--network gated: a vanilla run holds no such network/,
    );
    await refused([run, "test", "--out", out, "--network", "both"], /--network both: give dense or gated/);
    await refused(
      [run, join(folder, "nowhere"), "--out", out],
      /nowhere: there is no such folder; give a folder of image files, or train or test/,
    );
    await refused([join(folder, "none"), "test", "--out", out], /there is no such run/);
    mkdirSync(join(folder, "empty"));
    await refused([run, join(folder, "empty"), "--out", out], /empty has no image/);
    writeFileSync(join(folder, "x.txt"), "mine");
    await refused([run, "test", "--out", out], /x\.txt: exists already/);
    assertEquals(readFileSync(join(folder, "x.txt"), "utf8"), "mine");
    assertEquals(readdirSync(folder).sort(), ["empty", "run", "x.txt"]);
    Deno.removeSync(join(run, "checkpoints", "last.safetensors"));
    await refused([run, "test", "--out", join(folder, "y.npy")], /last\.safetensors: is missing/);
  }),
);
