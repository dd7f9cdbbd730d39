/**
 * Tests of the files, the messages and the refusals of `sluice export`.
 *
 * @module
 */
import { assert, assertEquals, assertGreater, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { readOnnx, readSafetensors } from "../../src/formats/mod.ts";
import { withFolder } from "../folders.ts";
import { assertRefused, assertSucceeds, runSluice } from "./run_sluice.ts";

const tiny = ["--width", "4", "--projector", "16", "--batch", "8", "--epochs", "2", "--eval-every", "0"];
const device = ["--device", "cpu", "--precision", "f32", "--threads", "1"];
const images = ["--train-images", "24", "--test-images", "16"];

async function trainTiny(run: string, more: readonly string[] = []): Promise<void> {
  await assertSucceeds(["pretrain", ...tiny, ...device, ...images, "--out", run, "--quiet", ...more]);
}

/** The largest feature of the image that a file was checked by. */
function checked(document: unknown): number {
  return (document as { readonly check: { readonly largestFeature: number } }).check.largestFeature;
}

Deno.test(
  "export writes either network, by default the gated one, and prints the result of its check",
  withFolder(async (folder) => {
    const run = join(folder, "run");
    await trainTiny(run);
    const gated = join(folder, "gated.safetensors");
    const document: unknown = JSON.parse(await assertSucceeds(["export", run, "-o", gated, "--json"]));
    assertEquals(document, {
      run,
      network: "gated",
      format: "safetensors",
      file: gated,
      bytes: statSync(gated).size,
      check: { largestDifference: 0, largestFeature: checked(document) },
      int8: null,
    });
    assertGreater(checked(document), 0);
    assert(readSafetensors(gated).tensors.has("layer1.0.gate.fc1.weight"));
    const dense = join(folder, "dense.safetensors");
    const text = await assertSucceeds(["export", run, "--network", "dense", "--format", "safetensors", "--out", dense]);
    assertMatch(
      text,
      /dense\.safetensors: dense network, [\d,]+ bytes; features of an image computed from it are bit-equal to the run's\n$/,
    );
    assertEquals(readSafetensors(dense).metadata["network"], "dense");
    assertEquals(readdirSync(folder).sort(), ["dense.safetensors", "gated.safetensors", "run"]);
  }),
);

Deno.test(
  "export uses the checkpoint before a damaged one, and says so",
  withFolder(async (folder) => {
    const [run, out] = [join(folder, "run"), join(folder, "x.safetensors")];
    await trainTiny(run, ["--mode", "vanilla"]);
    const last = join(run, "checkpoints", "last.safetensors");
    writeFileSync(last, readFileSync(last).subarray(0, -1));
    const { status, stderr } = await runSluice(["export", run, "-o", out]);
    assertEquals(status, 0, stderr);
    assertMatch(stderr, /^passed over .*last\.safetensors: not a valid safetensors file/);
    assertEquals(readSafetensors(out).metadata["step"], "3", "of the first epoch");
  }),
);

Deno.test(
  "export refuses in one line, and writes nothing",
  withFolder(async (folder) => {
    const [run, out] = [join(folder, "run"), join(folder, "x.safetensors")];
    await trainTiny(run, ["--mode", "vanilla"]);
    const refused = (args: readonly string[], message: RegExp) => assertRefused(["export", ...args], message);
    await refused(
      [run, "-o", join(folder, "x.pt")],
      /--out .*x\.pt: has another ending; give FILE\.safetensors or FILE\.onnx/,
    );
    await refused([run, "-o", out, "--format", "onnx"], /x\.safetensors: is no onnx file by its name; give FILE\.onnx/);
    await refused([run, "--format", "tflite"], /--format tflite: give safetensors or onnx/);
    await refused([run, "-o", out, "--keep-norms"], /--keep-norms: is for graphs, .* give --format onnx as well/);
    await refused(
      [run, "-o", out, "--data", folder],
      /--data .*: slim networks and 8 bits need images, .* leave it out/,
    );
    writeFileSync(join(run, "exports"), "");
    await refused([run], /exports: is a file; give --out another path/);
    rmSync(join(run, "exports"));
    await refused([run, "-o", join(folder, "none", "x.safetensors")], /there is no folder .*none/);
    await refused(
      [run, "-o", out, "--network", "gated"],
      /--network gated: a vanilla run holds no such network; give dense/,
    );
    await refused([run, "-o", out, "--network", "both"], /--network both: give dense or gated or slim/);
    await refused([join(folder, "none"), "-o", out], /there is no such run/);
    writeFileSync(out, "mine");
    await refused([run, "-o", out], /x\.safetensors: exists already/);
    assertEquals(readFileSync(out, "utf8"), "mine");
    assertEquals(readdirSync(folder).sort(), ["run", "x.safetensors"]);
  }),
);

Deno.test(
  "an ONNX file goes into the run's folder, names the network, and verifies until it is damaged",
  withFolder(async (folder) => {
    const run = join(folder, "run");
    await trainTiny(run);
    for (const network of ["dense", "gated", "slim"]) {
      await assertSucceeds(["export", run, "--network", network, "--format", "onnx", "--channel-multiple", "1"].slice(
        0,
        network === "slim" ? undefined : 6,
      ));
    }
    await assertSucceeds(["export", run, "--network", "dense", "-o", join(folder, "own.onnx"), "--keep-norms"]);
    const exported = join(run, "exports");
    assertEquals(readdirSync(exported).sort(), ["dense.onnx", "gated.onnx", "slim-0.3-multiple-1.onnx"]);
    await assertRefused(["export", run, "--network", "dense", "--format", "onnx"], /dense\.onnx: exists already/);

    const file = join(exported, "gated.onnx");
    const text = await assertSucceeds(["verify-export", file, "--threads", "1", "--json"]);
    const verified = JSON.parse(text) as Record<string, unknown>;
    assertEquals([verified["network"], verified["format"], verified["tolerance"]], ["gated", "onnx", 1e-4]);
    assertMatch(
      await assertSucceeds(["verify-export", join(folder, "own.onnx")]),
      /dense network; features of its image/,
    );
    writeFileSync(file, readFileSync(file).subarray(0, 5000));
    await assertRefused(["verify-export", file], /gated\.onnx: ONNX: .*; copy or export the file again/);
    await assertRefused(
      ["bench", "export", join(folder, "dense.safetensors")],
      /is no ONNX file by its name; give FILE/,
    );
    await assertRefused(["bench", "export", file], /gated\.onnx: ONNX: .*; copy or export the file again/);
    await assertRefused(["verify-export", join(folder, "x.pt")], /x\.pt: is no exported network by its name/);
    await assertRefused(["verify-export", join(folder, "x.onnx")], /x\.onnx: cannot be read/);
  }),
);

Deno.test(
  "8 bits are for dense and slim networks in ONNX, say what they cost, and verify",
  withFolder(async (folder) => {
    const run = join(folder, "run");
    await trainTiny(run);
    const int8 = ["--format", "onnx", "--precision", "int8"];
    const refused = (args: readonly string[], message: RegExp) => assertRefused(["export", run, ...args], message);
    await refused(int8, /--precision int8: the gated network multiplies by masks, .* give --network dense or slim/);
    await refused(["--network", "dense", "--precision", "int8"], /a safetensors file holds floats; give --format onnx/);
    await refused(["--network", "dense", ...int8, "--keep-norms"], /leave --keep-norms out/);
    await refused(["--network", "dense", "--precision", "bf16"], /--precision bf16: give f32 or int8/);
    await refused(["--network", "dense", "--int8-for", "tensorrt"], /--int8-for tensorrt: .* give --precision int8/);
    await refused(["--network", "dense", ...int8, "--int8-for", "x"], /--int8-for x: give onnxruntime or tensorrt/);

    const args = [
      "export",
      run,
      "--network",
      "slim",
      "--channel-multiple",
      "1",
      ...int8,
      "--include-preprocessing",
      "--json",
    ];
    const { status, stdout, stderr } = await runSluice([...args, "--threads", "1"]);
    assertEquals(status, 0, stderr);
    assertMatch(stderr, /^width 4: rounding to 8 bits costs networks below width 32 the most$/m);
    const report = JSON.parse(stdout) as { readonly file: string; readonly int8: Record<string, unknown> };
    assertEquals(report.file, join(run, "exports", "slim-0.3-multiple-1-int8.onnx"));
    assertGreater(Number(report.int8["cosine"]), 0.95);
    assertEquals(Object.keys(report.int8), ["calibration", "images", "cosine", "neighbours", "float", "int8"]);
    assertEquals(readOnnx(report.file).metadata["precision"], "int8");
    assertMatch(await assertSucceeds(["verify-export", report.file]), /slim network; features of its image are/);
  }),
);
