/**
 * Tests of graphs in 8 bits: what is rounded, by which steps, and how close the features stay.
 *
 * @module
 */
import { assert, assertAlmostEquals, assertEquals, assertGreater, assertLessOrEqual, assertThrows } from "@std/assert";
import fc from "fast-check";
import type { Device } from "../../src/device/mod.ts";
import {
  calibrate,
  floatGraph,
  type GraphBuilder,
  int8Targets,
  Interpreter,
  modelOf,
  quantisedGraph,
  quantisedValues,
  type ValueRange,
} from "../../src/encoders/mod.ts";
import { roundToEven } from "../../src/data/mod.ts";
import { MisuseError } from "../../src/errors.ts";
import { meanCosine, neighbourOverlap } from "../../src/evaluation/mod.ts";
import { DualNetwork, encoderState, type NetworkSpec } from "../../src/models/mod.ts";
import { RandomStream } from "../../src/random/mod.ts";
import { Scope, Tensor } from "../../src/tensor/mod.ts";
import { openDevice } from "../devices.ts";

const specs: readonly NetworkSpec[] = [
  { arch: "resnet18", width: 8, stem: "cifar", image: 12 },
  { arch: "resnet50", width: 4, stem: "imagenet", image: 33 },
];
const form = { keepNorms: false, includePreprocessing: false };

/** An encoder's graph in floats, and images for it. */
function prepare(device: Device, spec: NetworkSpec, keepNorms = false) {
  using network = new DualNetwork(device, { spec, projector: 8, seed: 2, gated: false, separateNorm: false });
  const description = {
    spec,
    network: "dense",
    mean: [0, 0, 0],
    std: [1, 1, 1],
    transform: { asIs: spec.image, resize: spec.image },
    step: 1,
    version: "0",
  } as const;
  const graph = floatGraph(encoderState(network.encoder, "dense"), description, { ...form, keepNorms });
  const random = new RandomStream(6, 0, 0);
  const pixels = Float32Array.from({ length: 16 * spec.image ** 2 * 3 }, () => random.normal());
  const images = Tensor.from(device, pixels, [16, spec.image, spec.image, 3]);
  return {
    graph,
    images,
    interpret: (own: GraphBuilder) => new Interpreter(device, modelOf(own, description, form, {})),
  };
}

for (const spec of specs) {
  for (const target of int8Targets) {
    Deno.test(`${spec.arch}, ${target}: features in 8 bits stay close, and every part has the bytes it must have`, () => {
      using device = openDevice();
      using _scope = new Scope();
      const { graph, images, interpret } = prepare(device, spec);
      using floats = interpret(graph);
      const size = floats.run(images).length / 16;
      const featuresOf = (interpreter: Interpreter) => Tensor.from(device, interpreter.run(images), [16, size]);
      const expected = featuresOf(floats);
      for (const ranges of Object.values(calibrate(floats, graph, (visit) => visit(images)))) {
        const quantised = quantisedGraph(graph, ranges, target);
        using interpreter = interpret(quantised);
        const found = featuresOf(interpreter);
        assertGreater(meanCosine(expected, found), 0.999);
        checkBytes(quantised, target);
      }
    });
  }
}

/** Demands Q/DQ pairs around every convolution and addition, and bytes of the kinds that a runtime expects. */
function checkBytes({ nodes, initialisers }: GraphBuilder, target: typeof int8Targets[number]): void {
  const madeBy = new Map(nodes.map((node) => [node.outputs[0], node]));
  for (const { op, inputs, name } of nodes) {
    if (op !== "Conv" && op !== "Add") continue;
    // TensorRT takes no whole numbers of 32 bits, so a bias is a constant there.
    const pairs = target === "tensorrt" ? inputs.slice(0, 2) : inputs;
    for (const input of pairs) assertEquals(madeBy.get(input)?.op, "DequantizeLinear", `${name} reads ${input}`);
    if (op !== "Conv") continue;
    const [, weight, bias] = inputs.map((input) => initialisers.get(madeBy.get(input)?.inputs[0] ?? input));
    assertEquals([weight?.dtype, bias?.dtype], ["i8", target === "tensorrt" ? "f32" : "i32"], name);
    assert(weight?.dtype === "i8");
    assertEquals(Math.max(...weight.data.map(Math.abs)), 127, `${name}: the largest weight of a channel is 127`);
    assertEquals(initialisers.get(`${name.replace(/\.output$/, "")}.weight.scale`)?.shape, weight.shape.slice(0, 1));
  }
  for (const { op, inputs: [value = "", , zero = ""] } of nodes) {
    if (op !== "QuantizeLinear") continue;
    const zeroPoint = initialisers.get(zero);
    assertEquals(zeroPoint?.dtype, target === "tensorrt" ? "i8" : "u8", value);
    if (target === "tensorrt" || value.endsWith(".relu")) assertEquals(Number(zeroPoint?.data[0]), 0, value);
  }
}

Deno.test("percentiles cut off what a few values reach, min-max covers all of them, and both cover 0", () => {
  using device = openDevice();
  using _scope = new Scope();
  const [spec] = specs;
  assert(spec);
  const { graph, images, interpret } = prepare(device, { ...spec, image: 40 });
  const pixels = images.toFloat32();
  pixels[7] = 500;
  images.write(pixels);
  using interpreter = interpret(graph);
  const ranges = calibrate(interpreter, graph, (visit) => visit(images));
  const names = [...quantisedValues(graph)].filter(([name, owner]) => name === owner).map(([name]) => name).sort();
  assertEquals([...ranges["min-max"].keys()].sort(), names);
  assertEquals(ranges["min-max"].get("images")?.high, 500);
  assertAlmostEquals(ranges["min-max"].get("images")?.low ?? 0, Math.min(...pixels), 1e-6);
  assertLessOrEqual(ranges.percentile.get("images")?.high ?? Infinity, 10);
  for (const { low, high } of [...ranges["min-max"].values(), ...ranges.percentile.values()]) {
    assertLessOrEqual(low, 0);
    assertLessOrEqual(0, high);
  }
});

Deno.test("a graph with norms, and one without ranges, is not rounded", () => {
  using device = openDevice();
  using _scope = new Scope();
  const [spec] = specs;
  assert(spec);
  const ranges = new Map<string, ValueRange>();
  assertThrows(() => quantisedGraph(prepare(device, spec).graph, ranges, "tensorrt"), MisuseError, "was not measured");
  const { graph } = prepare(device, spec, true);
  const known = new Map([...quantisedValues(graph).keys()].map((name) => [name, { low: -1, high: 1 }]));
  assertThrows(() => quantisedGraph(graph, known, "tensorrt"), MisuseError, "fold norms");
});

Deno.test("a channel whose weights are nearly 0 keeps its shift", () => {
  using device = openDevice();
  using _scope = new Scope();
  const [spec] = specs;
  assert(spec);
  const { graph, images, interpret } = prepare(device, spec);
  const [weight, bias] = ["layer1.0.conv1.weight", "layer1.0.conv1.bias"].map((name) => graph.initialisers.get(name));
  assert(weight?.dtype === "f32" && bias?.dtype === "f32");
  weight.data.fill(1e-9, 0, weight.data.length / 8);
  weight.data.fill(0, weight.data.length / 8, weight.data.length / 4);
  bias.data.set([0.5, 2]);
  const shifted = (own: GraphBuilder) => {
    using interpreter = interpret(own);
    let found: Float32Array | undefined;
    interpreter.run(images, ({ inputs: [name] }, [value]) => {
      if (name?.startsWith("layer1.0.conv1.relu")) found ??= value?.tensor.toFloat32().slice(0, 2);
    });
    return found ?? new Float32Array();
  };
  using floats = interpret(graph);
  const { "min-max": ranges } = calibrate(floats, graph, (visit) => visit(images));
  const found = shifted(quantisedGraph(graph, ranges, "onnxruntime"));
  assertAlmostEquals(found[0] ?? NaN, 0.5, 0.02);
  assertAlmostEquals(found[1] ?? NaN, 2, 0.02);
});

Deno.test("numbers round to the nearest whole one, halves to the even one", () => {
  assertEquals([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 2.4, 2.6, -2.6].map(roundToEven), [-2, -2, -0, 0, 2, 2, 2, 3, -3]);
  fc.assert(fc.property(fc.double({ min: -1e6, max: 1e6, noNaN: true }), (value) => {
    const whole = roundToEven(value);
    assert(Number.isInteger(whole) && Math.abs(whole - value) <= 0.5);
  }));
});

Deno.test("equal features are alike, and others as much as their angles and neighbours are", () => {
  using device = openDevice();
  using _scope = new Scope();
  const rows = (...values: number[]) => Tensor.from(device, Float32Array.from(values), [values.length / 2, 2]);
  const one = rows(1, 0, 0, 1, 1, 1, 0, 0);
  assertAlmostEquals(meanCosine(one, one), 1, 1e-6);
  assertAlmostEquals(meanCosine(one, rows(0, 1, 0, 1, 1, 1, 0, 0)), 0.75, 1e-6);
  assertEquals(neighbourOverlap(one, one), 1);
  const random = new RandomStream(7, 0, 0);
  const draw = () => Tensor.from(device, Float32Array.from({ length: 400 }, () => random.normal()), [100, 4]);
  const drawn = draw();
  assertEquals(neighbourOverlap(drawn, drawn), 1);
  assertLessOrEqual(neighbourOverlap(drawn, draw()), 0.3);
});
