/**
 * Tests of the benchmark of exported networks: in ONNX Runtime by a stand-in for Python, and in this library.
 *
 * @module
 */
import { assert, assertEquals, assertIsError, assertLessOrEqual, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { benchExport, exportBenchmarkPath, parseExportBenchmark, writeExportBenchmark } from "../../src/bench/mod.ts";
import {
  encodeOnnxEncoder,
  encoderOfModel,
  floatGraph,
  goldenDifference,
  loadOnnx,
  normalisedImage,
} from "../../src/encoders/mod.ts";
import { InvalidInputError, SluiceError } from "../../src/errors.ts";
import { readOnnx } from "../../src/formats/mod.ts";
import { DualNetwork, encoderState, type NetworkName, type NetworkSpec, passOf } from "../../src/models/mod.ts";
import { Scope } from "../../src/tensor/mod.ts";
import { openDevice } from "../devices.ts";
import { withFolder } from "../folders.ts";

const spec: NetworkSpec = { arch: "resnet18", width: 8, stem: "cifar", image: 12, gateGroup: 4 };

/** Writes a network as a model. */
function writeModel(file: string, network: NetworkName, keepNorms: boolean): void {
  using device = openDevice();
  const options = { projector: 8, seed: 1, gated: true, separateNorm: false, gateBias: 0.3 };
  using networks = new DualNetwork(device, { ...options, spec });
  const transform = { asIs: 12, resize: 12 };
  const description = { spec, network, mean: [0, 0, 0], std: [1, 1, 1], transform, step: 1, version: "0" } as const;
  const form = { keepNorms, includePreprocessing: false };
  const golden = { image: new Uint8Array(12 * 12 * 3), features: new Float32Array(64) };
  const graph = floatGraph(encoderState(networks.encoder, passOf(network)), description, form);
  writeFileSync(file, encodeOnnxEncoder(graph, description, golden, form));
}

/** How to measure quickly, with a shell script in the place of Python. */
function quickly(folder: string, script: string) {
  const python = join(folder, "python3");
  writeFileSync(python, `#!/bin/sh\n${script}\n`);
  chmodSync(python, 0o755);
  return { batches: [1, 2], threads: [1], seconds: 0.001, python };
}

for (const [network, keepNorms] of [["dense", false], ["gated", false], ["gated", true]] as const) {
  Deno.test(
    `the ${network} network of a model ${keepNorms ? "with" : "without"} norms computes what the model does`,
    withFolder((folder) => {
      const file = join(folder, "model.onnx");
      writeModel(file, network, keepNorms);
      using device = openDevice();
      using loaded = loadOnnx(device, file);
      using encoder = encoderOfModel(device, readOnnx(file), loaded.description);
      using _scope = new Scope();
      const image = Uint8Array.from({ length: 12 * 12 * 3 }, (_, at) => (at * 37) % 256);
      const x = normalisedImage(device, image, loaded.description);
      const found = encoder.evaluate(passOf(network), x).features.toFloat32();
      const { largestDifference, largestFeature } = goldenDifference(loaded.encode(image), found);
      assertLessOrEqual(largestDifference, 1e-5 * largestFeature);
    }),
  );
}

Deno.test(
  "a file is timed in ONNX Runtime and in this library, and the figures stay beside it",
  withFolder(async (folder) => {
    const file = join(folder, "model.onnx");
    writeModel(file, "dense", false);
    const timings = [1, 2].map((batch) => ({ threads: 1, batch, milliseconds: 2 * batch, spread: 0.5 }));
    const answer = JSON.stringify({ version: "9.9", timings });
    const result = await benchExport(file, quickly(folder, `if [ $# -gt 2 ]; then echo '${answer}'; fi`));
    assertEquals(result.rows.map(({ engine, batch }) => [engine, batch]), [
      ["ONNX Runtime", 1],
      ["ONNX Runtime", 2],
      ["sluice", 1],
      ["sluice", 2],
    ]);
    assertEquals([result.network, result.precision, result.onnxruntime], ["dense", "f32", "9.9"]);
    assertEquals(result.rows[1]?.imageMilliseconds, 2);
    writeExportBenchmark(file, result);
    assertEquals(parseExportBenchmark(readFileSync(exportBenchmarkPath(file), "utf8")), result);
    assertEquals(parseExportBenchmark("{}"), null);
  }),
);

Deno.test(
  "without ONNX Runtime only this library is timed, and what it cannot run is an error",
  withFolder(async (folder) => {
    const file = join(folder, "model.onnx");
    writeModel(file, "dense", true);
    for (const options of [quickly(folder, "exit 1"), { ...quickly(folder, "exit 1"), python: join(folder, "none") }]) {
      const { onnxruntime, rows } = await benchExport(file, options);
      assertEquals(onnxruntime, null);
      assert(rows.length === 2 && rows.every(({ engine }) => engine === "sluice"));
    }
    const failing = quickly(folder, 'if [ $# -gt 2 ]; then echo "no such operator" >&2; exit 1; fi');
    const error = await assertRejects(() => benchExport(file, failing));
    assertIsError(error, SluiceError, /ONNX Runtime cannot run it \(no such operator\)$/);
    assertIsError(await assertRejects(() => benchExport(join(folder, "x.onnx"), failing)), InvalidInputError);
  }),
);
