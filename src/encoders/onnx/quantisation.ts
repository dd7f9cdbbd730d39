/**
 * Turns the graph of an encoder in floats into a graph in 8-bit whole numbers.
 *
 * Values and weights pass through pairs of QuantizeLinear and DequantizeLinear, from which runtimes make integer
 * kernels: weights symmetric for each output channel, biases in 32 bits (floats for TensorRT), and values where they
 * enter a convolution, a pool or an addition.
 *
 * @module
 */
import { MisuseError } from "../../errors.ts";
import { roundToEven } from "../../data/mod.ts";
import type { OnnxNode, OnnxTensor } from "../../formats/mod.ts";
import { GraphBuilder } from "./graph_builder.ts";

/** The runtimes that a graph in 8 bits can be made for. */
export const int8Targets = ["onnxruntime", "tensorrt"] as const;
/** The name of such a runtime. */
export type Int8Target = typeof int8Targets[number];

/** The smallest and the largest number that a quantised value keeps. */
export interface ValueRange {
  /** At most 0. */
  readonly low: number;
  /** At least 0. */
  readonly high: number;
}

/** A value is scale (n - zeroPoint) for a byte n, with a sign or without. */
interface Step {
  readonly scale: number;
  /** A single byte. */
  readonly zeroPoint: Int8Array<ArrayBuffer> | Uint8Array<ArrayBuffer>;
}

/** The largest whole number of a bias, well within 32 bits. */
const LARGEST_BIAS = 2 ** 30;
/** The smallest scale: a value that is always 0 has no range. */
const SMALLEST_SCALE = 1e-12;

/**
 * The step of a value.
 *
 * ONNX Runtime leaves out a relu in front of a value whose zero point is the smallest byte, since smaller values are
 * cut off anyway. On x86 it multiplies bytes without signs by weights with signs. It also takes bytes with signs, but
 * turns only some of them around, and computes what then lies between both kinds in floats: 12 of the 20 convolutions
 * of a ResNet-18 (1.32.0). TensorRT takes bytes with signs and zero points of 0 only.
 */
function stepOf({ low, high }: ValueRange, target: Int8Target): Step {
  if (target === "tensorrt") {
    return { scale: Math.fround(Math.max(SMALLEST_SCALE, -low / 127, high / 127)), zeroPoint: Int8Array.of(0) };
  }
  const scale = Math.fround(Math.max(SMALLEST_SCALE, (high - low) / 255));
  return { scale, zeroPoint: Uint8Array.of(Math.min(255, Math.max(0, Math.round(-low / scale)))) };
}

/** The values of a graph that are quantised, each with the value whose range it has. */
export function quantisedValues({ nodes }: Pick<GraphBuilder, "nodes">): ReadonlyMap<string, string> {
  const summed = new Set(nodes.filter(({ op }) => op === "Add").flatMap(({ inputs }) => inputs));
  const values = new Map<string, string>();
  for (const { op, inputs: [input = ""], outputs: [output = ""] } of nodes) {
    if (op === "Conv") {
      // The image.
      if (!values.has(input)) values.set(input, input);
      if (summed.has(output)) values.set(output, output);
    }
    if (op === "Relu") values.set(output, output);
    // The maximum of quantised values is one of them.
    if (op === "MaxPool") values.set(output, values.get(input) ?? input);
  }
  return values;
}

/** A graph that grows by quantised nodes. */
class QuantisedGraph {
  readonly graph = new GraphBuilder();
  /** What nodes read in place of a value, by the value's name, and its scale. */
  readonly #dequantised = new Map<string, { readonly name: string; readonly scale: number }>();

  constructor(
    readonly source: GraphBuilder,
    readonly ranges: ReadonlyMap<string, ValueRange>,
    readonly target: Int8Target,
    readonly quantised = quantisedValues(source),
  ) {}

  /** Passes a value through a pair, if it is to be quantised. */
  pass(value: string): void {
    const owner = this.quantised.get(value);
    if (owner === undefined) return;
    const range = this.ranges.get(owner);
    if (range === undefined) throw new MisuseError(`the range of ${owner} was not measured`);
    const { scale, zeroPoint } = stepOf(range, this.target);
    const { graph } = this;
    const operands = [
      graph.floats(`${value}.scale`, [], [scale]),
      graph.constant(
        `${value}.zero_point`,
        zeroPoint instanceof Int8Array
          ? { dtype: "i8", shape: [], data: zeroPoint }
          : { dtype: "u8", shape: [], data: zeroPoint },
      ),
    ];
    const whole = graph.node("QuantizeLinear", [value, ...operands], `${value}.quantised`);
    const name = graph.node("DequantizeLinear", [whole, ...operands], `${value}.dequantised`);
    this.#dequantised.set(value, { name, scale });
  }

  /** Copies a node, which reads quantised values from their pairs. */
  copy(node: OnnxNode): void {
    const { op, inputs, outputs: [output = ""], attributes } = node;
    const read = inputs.map((name) => {
      const constant = this.source.initialisers.get(name);
      if (constant !== undefined && op !== "Conv") this.graph.constant(name, constant);
      return this.#dequantised.get(name)?.name ?? name;
    });
    this.graph.node(op, op === "Conv" ? [read[0] ?? "", ...this.#weights(node)] : read, output, attributes);
    this.pass(output);
  }

  #constant(name: string): Extract<OnnxTensor, { dtype: "f32" }> {
    const tensor = this.source.initialisers.get(name);
    if (tensor?.dtype !== "f32") throw new MisuseError(`${name} is no constant of f32`);
    return tensor;
  }

  /** The weight and the bias of a convolution. @returns what it reads in their place. */
  #weights({ inputs: [x = "", weight = "", bias = ""] }: OnnxNode): string[] {
    const { graph } = this;
    const { shape, data } = this.#constant(weight);
    const [outputs = 1] = shape;
    const inner = data.length / outputs;
    const shifts = this.#constant(bias).data;
    const inputScale = this.#dequantised.get(x)?.scale ?? 1;
    const scales = Float32Array.from({ length: outputs }, (_, channel) => {
      const own = data.subarray(channel * inner, (channel + 1) * inner);
      const largest = own.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      // A channel whose weights are nearly 0 may have a shift that would not fit 32 bits.
      const ofShift = Math.abs(shifts[channel] ?? 0) / (inputScale * LARGEST_BIAS);
      return Math.max(SMALLEST_SCALE, largest / 127, ofShift);
    });
    const whole = Int8Array.from(data, (value, at) => {
      return Math.max(-127, Math.min(127, roundToEven(value / (scales[Math.floor(at / inner)] ?? 1))));
    });
    const zeros = graph.constant(`${weight}.zero_point`, {
      dtype: "i8",
      shape: [outputs],
      data: new Int8Array(outputs),
    });
    const steps = graph.floats(`${weight}.scale`, [outputs], scales);
    const axis = { axis: { int: 0 } };
    const weights = graph.node(
      "DequantizeLinear",
      [graph.constant(weight, { dtype: "i8", shape, data: whole }), steps, zeros],
      `${weight}.dequantised`,
      axis,
    );
    // TensorRT turns no whole numbers of 32 bits back.
    if (this.target === "tensorrt") return [weights, graph.floats(bias, [outputs], shifts)];
    // A bias is added to sums of products, so it has their scale.
    const sums = Float32Array.from(scales, (scale) => scale * inputScale);
    const whole32 = Int32Array.from(shifts, (value, channel) => roundToEven(value / (sums[channel] ?? 1)));
    const biases = graph.node(
      "DequantizeLinear",
      [
        graph.constant(bias, { dtype: "i32", shape: [outputs], data: whole32 }),
        graph.floats(`${bias}.scale`, [outputs], sums),
      ],
      `${bias}.dequantised`,
      axis,
    );
    return [weights, biases];
  }
}

/**
 * Quantises the convolutions of a graph, and the values between them. Features come from the dequantised last map.
 *
 * @param source a graph of floats whose norms are folded.
 * @param ranges the ranges of the values of {@linkcode quantisedValues}.
 * @throws {MisuseError} if a range is missing, or a norm is a node.
 */
export function quantisedGraph(
  source: GraphBuilder,
  ranges: ReadonlyMap<string, ValueRange>,
  target: Int8Target,
): GraphBuilder {
  const norm = source.nodes.find(({ op }) => op === "BatchNormalization");
  if (norm !== undefined) throw new MisuseError(`${norm.name}: fold norms before weights are quantised`);
  const quantised = new QuantisedGraph(source, ranges, target);
  const computed = new Set(source.nodes.flatMap(({ outputs }) => outputs));
  for (const value of quantised.quantised.keys()) if (!computed.has(value)) quantised.pass(value);
  for (const node of source.nodes) quantised.copy(node);
  return quantised.graph;
}
