/**
 * Tests of ONNX exports: every kind of network gives the run's features through the interpreter, in every form.
 *
 * @module
 */
import { assert, assertEquals, assertIsError, assertLess, assertMatch, assertThrows, fail } from "@std/assert";
import { join } from "@std/path";
import { readFileSync, writeFileSync } from "node:fs";
import type { Device } from "../../src/device/mod.ts";
import {
  drawImage,
  type Encode,
  encodeOnnxEncoder,
  floatGraph,
  goldenDifference,
  type GoldenImage,
  goldenImage,
  Interpreter,
  loadOnnx,
  modelOf,
  normalisedImage,
  refuseDifference,
  verifyExport,
} from "../../src/encoders/mod.ts";
import { InvalidInputError, StorageError } from "../../src/errors.ts";
import { decodeOnnx, encodeOnnx, FormatError, type OnnxModel, readOnnx } from "../../src/formats/mod.ts";
import {
  DualNetwork,
  encoderState,
  type GatedResNet,
  gateSpecs,
  type NetworkName,
  type NetworkSpec,
  passOf,
  slimNetwork,
} from "../../src/models/mod.ts";
import { RandomStream } from "../../src/random/mod.ts";
import { Scope, Tensor } from "../../src/tensor/mod.ts";
import { openDevice } from "../devices.ts";
import { withFolder } from "../folders.ts";

const specs: readonly NetworkSpec[] = [
  { arch: "resnet18", width: 8, stem: "cifar", image: 12, gateGroup: 4 },
  { arch: "resnet18", width: 20, stem: "cifar-paper", image: 9 },
  { arch: "resnet50", width: 4, stem: "imagenet", image: 33 },
];
const forms = [
  { keepNorms: false, includePreprocessing: false },
  { keepNorms: true, includePreprocessing: true },
];
const [mean, std] = [[0.4, 0.5, 0.6], [0.2, 0.3, 0.25]] as const;

/** A network whose norms all differ, so that a norm in the wrong place shows. */
function build(device: Device, spec: NetworkSpec): DualNetwork {
  const options = { projector: 16, seed: 1, gated: true, separateNorm: true, gateBias: 0.1 };
  const network = new DualNetwork(device, { ...options, spec });
  let index = 0;
  for (const [name, tensor] of network.state()) {
    const random = new RandomStream(4, index++, 0);
    if (!/bn|downsample\.1/.test(name)) continue;
    tensor.write(Float32Array.from({ length: tensor.size }, () => 0.5 + random.uniform()));
  }
  return network;
}

/** Masks that keep one channel of the first gate, and half of the channels of the others. */
function someChannels(spec: NetworkSpec): Uint8Array[] {
  return gateSpecs(spec).map(({ channels }, gate) => {
    return Uint8Array.from({ length: channels }, (_, channel) => Number(gate === 0 ? channel === 1 : channel % 2));
  });
}

function describe(encoder: GatedResNet, network: NetworkName) {
  const { image: side } = encoder.spec;
  const transform = { asIs: side, resize: side + 2 };
  return { spec: encoder.spec, network, mean, std, transform, step: 3, version: "1.2.3" } as const;
}

/** Writes the encoder of a network as a model, and calls the test with its golden image and the run's own features. */
function withModel(
  device: Device,
  spec: NetworkSpec,
  name: NetworkName,
  test: (parts: {
    readonly encode: Encode;
    readonly golden: GoldenImage;
    readonly description: ReturnType<typeof describe>;
    readonly bytesOf: (form: typeof forms[number]) => Uint8Array;
    readonly encoder: GatedResNet;
  }) => void,
): void {
  using network = build(device, spec);
  using owned = new DisposableStack();
  const source = network.encoderOf(passOf(name));
  const encoder = name === "slim" ? owned.use(slimNetwork(device, network.encoder, someChannels(spec))) : source;
  const description = describe(encoder, name);
  const encode: Encode = (image) => {
    using _scope = new Scope();
    return encoder.evaluate(passOf(name), normalisedImage(device, image, description)).features.toFloat32();
  };
  const state = encoderState(encoder, passOf(name));
  const golden = goldenImage(device, state, description, encode);
  const bytesOf = (form: typeof forms[number]) => encodeOnnxEncoder(state, description, golden, form);
  test({ encode, golden, description, bytesOf, encoder });
}

for (const spec of specs) {
  for (const name of ["dense", "gated", "slim"] satisfies NetworkName[]) {
    Deno.test(
      `${spec.arch}, ${spec.stem}, ${name}: a model encodes as the network does, with norms and without`,
      withFolder((folder) => {
        using device = openDevice();
        withModel(device, spec, name, ({ encode, golden, description, bytesOf }) => {
          for (const form of forms) {
            const file = join(folder, "model.onnx");
            writeFileSync(file, bytesOf(form));
            using loaded = loadOnnx(device, file);
            assertEquals(loaded.description.spec.kept, description.spec.kept);
            assertEquals({ ...loaded.description, spec: null }, { ...description, spec: null });
            const images = [golden.image, ...(name === "gated" ? [] : [drawImage(spec.image, 7)])];
            for (const image of images) {
              refuseDifference("x", goldenDifference(encode(image), loaded.encode(image)), 1e-5, "");
            }
            const { network, largestDifference, largestFeature } = verifyExport(device, file);
            assertEquals(network, name);
            assertLess(largestDifference, 1e-5 * largestFeature);
          }
        });
      }),
    );
  }
}

Deno.test("a gated model computes every image as the network does if both are given the same masks", () => {
  const [spec] = specs;
  assert(spec);
  using device = openDevice();
  withModel(device, spec, "gated", ({ bytesOf, encoder, description }) => {
    using _scope = new Scope();
    const model = decodeOnnx(bytesOf({ keepNorms: false, includePreprocessing: false }));
    const random = new RandomStream(8, 0, 0);
    const pixels = Float32Array.from({ length: 5 * spec.image ** 2 * 3 }, () => random.normal());
    const x = Tensor.from(device, pixels, [5, spec.image, spec.image, 3]);
    const masks = gateSpecs(spec).map(({ channels }) => {
      const bits = Float32Array.from({ length: 5 * channels }, () => random.integer(2));
      return Tensor.from(device, bits, [5, channels]);
    });
    // Logits whose signs are the bits of the masks.
    const given = model.nodes.filter(({ op }) => op === "GreaterOrEqual").map(({ inputs: [logits = ""] }) => logits);
    assertEquals(given.length, masks.length);
    using interpreter = new Interpreter(device, model);
    const found = interpreter.run(x, ({ op, inputs: [name = ""] }, [logits]) => {
      if (op !== "GreaterOrEqual") return;
      const mask = masks[given.indexOf(name)] ?? fail();
      logits?.tensor.write(mask.toFloat32().map((bit) => bit - 0.5));
    });
    const expected = encoder.evaluate("gated", x, { masks }).features.toFloat32();
    refuseDifference("x", goldenDifference(expected, found), 1e-5, description.version);
  });
});

Deno.test("a model says what it is, how to prepare an image, and names weights as torchvision does", () => {
  const [spec] = specs;
  assert(spec);
  using device = openDevice();
  withModel(device, spec, "gated", ({ bytesOf }) => {
    const form = { keepNorms: false, includePreprocessing: false };
    const bytes = bytesOf(form);
    assertEquals(bytesOf(form), bytes, "the same run gives the same bytes");
    const { inputs, outputs, metadata, initialisers, producer } = decodeOnnx(bytes);
    assertEquals(inputs, [{ name: "images", dtype: "f32", shape: ["batch", 3, 12, 12] }]);
    assertEquals(outputs, [{ name: "features", dtype: "f32", shape: ["batch", 64] }]);
    assertEquals(producer, { name: "sluice", version: "1.2.3" });
    assertEquals(metadata["network"], "gated");
    assertMatch(
      metadata["preprocessing"] ?? "",
      /divided by 255, less the mean 0.4, 0.5, 0.6, divided by the deviation/,
    );
    assertEquals(initialisers.get("layer1.0.conv1.weight")?.shape, [8, 8, 3, 3]);
    assertEquals(initialisers.get("layer1.0.conv1.bias")?.shape, [8]);
    assertEquals(initialisers.get("layer2.0.gate.fc2.weight")?.shape, [16, 2], "a row for each channel of a group");
    const kept = decodeOnnx(bytesOf({ keepNorms: true, includePreprocessing: true }));
    assertEquals(kept.inputs, [{ name: "images", dtype: "u8", shape: ["batch", 12, 12, 3] }]);
    assertEquals(kept.initialisers.get("layer1.0.bn1.running_var")?.shape, [8]);
    assertMatch(kept.metadata["preprocessing"] ?? "", /bytes 0 to 255, \[batch, height, width, 3\]/);
  });
});

Deno.test(
  "a damaged model, and one that computes something else, is refused",
  withFolder((folder) => {
    const [spec] = specs;
    assert(spec);
    using device = openDevice();
    withModel(device, spec, "dense", ({ bytesOf }) => {
      const whole = bytesOf({ keepNorms: false, includePreprocessing: false });
      const file = join(folder, "model.onnx");
      const refused = (bytes: Uint8Array, message: RegExp) => {
        writeFileSync(file, bytes);
        assertIsError(assertThrows(() => verifyExport(device, file)), InvalidInputError, message);
      };
      refused(whole.subarray(0, whole.length - 100), /model\.onnx: ONNX: .*; copy or export the file again$/);
      refused(whole.map((byte, at) => (at === 5000 ? byte ^ 1 : byte)), /contents do not match their checksum; copy/);
      refused(new Uint8Array(), /has no checksum, so sluice did not write it/);
      refused(new TextEncoder().encode("hello, world"), /ONNX: /);

      const model = decodeOnnx(whole);
      const changed = (part: Partial<OnnxModel>) => encodeOnnx({ ...model, ...part });
      const { golden_image: image = "", golden_features: features = "", ...others } = model.metadata;
      refused(changed({ metadata: others }), /its metadata lack a valid golden image; export it again$/);
      refused(changed({ metadata: { ...others, golden_image: image, golden_features: "[1]" } }), /valid golden image/);
      refused(changed({ metadata: { ...model.metadata, width: "no" } }), /its metadata lack a valid width/);
      refused(
        changed({ nodes: model.nodes.map((node, at) => (at === 3 ? { ...node, op: "Tanh" } : node)) }),
        /is Tanh/,
      );
      refused(changed({ nodes: model.nodes.slice(1) }), /reads conv1\.output, which nothing computes/);
      const wrong = `[${features.slice(1, -1).split(",").map((value) => Number(value) + 1)}]`;
      writeFileSync(file, changed({ metadata: { ...model.metadata, golden_features: wrong } }));
      assertIsError(assertThrows(() => verifyExport(device, file)), StorageError, /features computed from it differ/);
      assertThrows(() => readOnnx(join(folder, "none.onnx")), InvalidInputError, "give the path of an ONNX file");
      assertThrows(
        () => verifyExport(device, join(folder, "x.txt")),
        InvalidInputError,
        "no exported network by its name",
      );
      assertEquals(readFileSync(file).length > 0, true);
    });
  }),
);

Deno.test("a graph runs batches, and frees what it no longer needs", () => {
  const [, spec] = specs;
  assert(spec);
  using device = openDevice();
  withModel(device, spec, "dense", ({ encoder, description }) => {
    const form = { keepNorms: false, includePreprocessing: false };
    const model = modelOf(floatGraph(encoderState(encoder, "dense"), description, form), description, form, {});
    using interpreter = new Interpreter(device, model);
    using _scope = new Scope();
    const random = new RandomStream(9, 0, 0);
    const pixels = Float32Array.from({ length: 6 * spec.image ** 2 * 3 }, () => random.normal());
    const x = Tensor.from(device, pixels, [6, spec.image, spec.image, 3]);
    const expected = encoder.evaluate("dense", x).features.toFloat32();
    interpreter.run(x);
    const before = device.memory().inUse;
    refuseDifference("x", goldenDifference(expected, interpreter.run(x)), 1e-5, "");
    assertEquals(device.memory().inUse, before);
    assertThrows(
      () => new Interpreter(device, { ...model, outputs: [] }).run(x),
      FormatError,
      "no input, or no output",
    );
  });
});
