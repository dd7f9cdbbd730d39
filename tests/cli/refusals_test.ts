/**
 * Tests that wrong requests are refused in one line with exit status 2, before anything is written.
 *
 * @module
 */

import { assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { resolveConfig } from "../../src/config/config.ts";
import { RunFolder } from "../../src/run/run_folder.ts";
import { withFolder } from "../folders.ts";
import { assertRefused, runSluice, testedExecutable } from "./run_sluice.ts";

const recordBytes = 3073;

/** Asserts that a pretrain command is refused, and that it writes no file. */
async function assertPretrainRefused(
  folder: string,
  args: readonly string[],
  message: RegExp,
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const out = join(folder, "run");
  const before = [...Deno.readDirSync(folder)].map((entry) => entry.name).sort();
  await assertRefused(["pretrain", "--out", out, ...args], message, env);
  assertEquals([...Deno.readDirSync(folder)].map((entry) => entry.name).sort(), before, "nothing is written");
}

/**
 * Writes CIFAR-10 with eight images in each file.
 *
 * @param damage changes a file's bytes, or returns null to leave it out.
 */
function writeCifar(folder: string, damage: (name: string, bytes: Uint8Array) => Uint8Array | null): string {
  const data = join(folder, "cifar");
  Deno.mkdirSync(data, { recursive: true });
  for (const name of [1, 2, 3, 4, 5].map((n) => `data_batch_${n}.bin`).concat("test_batch.bin")) {
    const bytes = damage(name, new Uint8Array(8 * recordBytes));
    if (bytes !== null) Deno.writeFileSync(join(data, name), bytes);
  }
  return data;
}

Deno.test(
  "options out of range are refused before anything is written",
  withFolder(async (folder) => {
    await assertPretrainRefused(folder, ["--budget", "0"], /^sluice: --budget 0: give a number above 0 and at most 1/);
    await assertPretrainRefused(folder, ["--budget", "1.01"], /^sluice: --budget 1\.01: /);
    const few = ["--train-images", "16", "--test-images", "16", "--batch", "8"];
    await assertPretrainRefused(
      folder,
      [...few, "--budget", "0.001"],
      /^sluice: --budget 0\.001: .*; give 0\.\d+ or more/,
    );
    await assertPretrainRefused(folder, ["--batch", "1"], /^sluice: --batch 1: give a whole number from 2 to 65536/);
    await assertPretrainRefused(folder, ["--preset", "tiny"], /^sluice: preset tiny: .*small/);
    await assertPretrainRefused(
      folder,
      [...few, "--batch", "17"],
      /^sluice: --batch 17: there are only 16 training images/,
    );
    await assertRefused(["pretrain"], /give --out RUN/);
  }),
);

Deno.test(
  "bf16 on a processor without it is refused before anything is written",
  withFolder(async (folder) => {
    const few = ["--train-images", "16", "--test-images", "16", "--batch", "8"];
    const message = /^sluice: --precision bf16: .*, used as avx2, cannot compute in it; give --precision f32/;
    await assertPretrainRefused(folder, [...few, "--device", "cpu", "--precision", "bf16"], message, {
      ONEDNN_MAX_CPU_ISA: "AVX2",
    });
    await assertPretrainRefused(
      folder,
      ["--precision", "f16"],
      /^sluice: --precision f16: give auto or f32 or tf32 or bf16/,
    );
    const without = /^sluice: --precision tf32: .* cannot compute in it; give --precision f32/;
    await assertPretrainRefused(folder, [...few, "--device", "cpu", "--precision", "tf32"], without);
  }),
);

Deno.test(
  "a missing, truncated or mislabelled batch file is refused by name",
  withFolder(async (folder) => {
    const refused = (damage: Parameters<typeof writeCifar>[1], message: RegExp) => {
      const data = writeCifar(folder, damage);
      return assertPretrainRefused(folder, ["--dataset", "cifar10", "--data", data, "--batch", "4"], message);
    };
    const third = "data_batch_3.bin";
    await refused((name, bytes) => name === third ? bytes.subarray(0, -1) : bytes, /^sluice: [^\n]*data_batch_3\.bin/);
    await refused((name, bytes) => name === third ? bytes.fill(10, 0, 1) : bytes, /data_batch_3\.bin[^\n]*label 10/);
    Deno.removeSync(join(folder, "cifar"), { recursive: true });
    await refused((name, bytes) => name === "test_batch.bin" ? null : bytes, /test_batch\.bin is missing/);
    const missing = /cifar10 is not in .*: run `sluice data fetch cifar10`, or give --data DIR/;
    await assertPretrainRefused(folder, ["--dataset", "cifar10"], missing, { SLUICE_DATA: folder });
    const none = join(folder, "none");
    await assertPretrainRefused(folder, ["--dataset", "cifar10", "--data", none], /none does not exist/);
  }),
);

Deno.test(
  "a folder that already has a run is refused and stays unchanged",
  withFolder(async (folder) => {
    const out = join(folder, "run");
    RunFolder.create(out, resolveConfig({ preset: "demo" }), {});
    const before = Deno.readTextFileSync(join(out, "config.yaml"));
    await assertRefused(
      ["pretrain", "--preset", "demo", "--out", out],
      /already holds a run; give --out another folder/,
    );
    assertEquals(Deno.readTextFileSync(join(out, "config.yaml")), before);
    assertEquals(Deno.readTextFileSync(join(out, "metrics.jsonl")), "");
  }),
);

Deno.test(
  "a damaged configuration file is refused by name",
  withFolder(async (folder) => {
    const config = join(folder, "run.yaml");
    Deno.writeTextFileSync(config, "bugdet: 0.3\n");
    await assertPretrainRefused(folder, ["--config", config], /run\.yaml:1: unknown key bugdet; did you mean budget\?/);
    Deno.writeTextFileSync(config, "budget: {\n");
    await assertPretrainRefused(folder, ["--config", config], /run\.yaml:\d: not YAML/);
    await assertPretrainRefused(folder, ["--config", `${config}.bak`], /run\.yaml\.bak: there is no such file/);
  }),
);

Deno.test(
  "a missing run, or a run without a checkpoint or without the requested network, is refused",
  withFolder(async (folder) => {
    await assertRefused(["evaluate", join(folder, "none")], /none: there is no such run/);
    await assertRefused(["evaluate", folder], /holds no run/);
    const run = join(folder, "run");
    RunFolder.create(run, resolveConfig({ preset: "demo", flags: { mode: "vanilla" } }), {});
    await assertRefused(
      ["evaluate", run, "--network", "gated"],
      /--network gated: a vanilla run holds no such network; give dense/,
    );
    await assertRefused(["evaluate", run, "--protocol", "svm"], /--protocol svm: give knn or linear/);
    await assertRefused(["evaluate", run, "--protocol", ""], /--protocol "": give knn or linear/);
    await assertRefused(["evaluate", run, "--protocol", "masks"], /--protocol masks: .*give knn,masks or linear,masks/);
    await assertRefused(["evaluate", run, "--probe", "fresh"], /--probe fresh: give cached or augmented/);
    await assertRefused(["evaluate", run, "--probe", "cached,augmented"], /--probe cached,augmented: give one/);
    await assertRefused(["evaluate", run, "--probe-seeds", "0"], /--probe-seeds 0: give a whole number from 1/);
    await assertRefused(["evaluate", run], /last\.safetensors/);
  }),
);

Deno.test(
  "without the native library a command is refused, and doctor names the remedy",
  withFolder(async (folder) => {
    const env = { SLUICE_NATIVE: folder };
    const out = join(folder, "run");
    const remedy = testedExecutable === undefined ? /missing.*deno task build/ : /missing.*unset SLUICE_NATIVE/;
    await assertRefused(["pretrain", "--preset", "demo", "--out", out], remedy, env);
    await assertRefused(["bench", "step"], remedy, env);
    assertEquals([...Deno.readDirSync(folder)], []);
    const { status, stdout } = await runSluice(["doctor", "--json"], env);
    assertEquals(status, 1);
    const report = JSON.parse(stdout) as { problems: string[]; device: unknown };
    assertEquals(report.device, null);
    assertMatch(report.problems[0] ?? "", remedy);
  }),
);

Deno.test(
  "a CPU refuses CUDA graphs, and names the flag by which a run goes on without them",
  withFolder(async (folder) => {
    const run = ["--dataset", "shapes", "--train-images", "8", "--test-images", "4", "--batch", "4", "--device", "cpu"];
    const message = /^sluice: --cuda-graph: .* is a CPU and has no CUDA graphs; give --no-cuda-graph/;
    await assertPretrainRefused(folder, [...run, "--cuda-graph"], message);
    const config = join(folder, "graph.yaml");
    Deno.writeTextFileSync(config, "cuda-graph: true\n");
    await assertPretrainRefused(folder, [...run, "--config", config], message);
    const small = [
      "--width",
      "4",
      "--projector",
      "8",
      "--stem",
      "imagenet",
      "--epochs",
      "1",
      "--eval-every",
      "0",
      "--budget",
      "0.7",
    ];
    const out = ["--out", join(folder, "run"), "--config", config, "--no-cuda-graph", "--quiet"];
    const { status, stderr } = await runSluice(["pretrain", ...run, ...small, ...out]);
    assertEquals(status, 0, stderr);
  }),
);
