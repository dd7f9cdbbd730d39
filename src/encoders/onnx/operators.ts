/**
 * The operators of exported networks, on this library's own operations.
 *
 * @module
 */
import type { Device } from "../../device/mod.ts";
import { FormatError, type OnnxNode, type OnnxTensor } from "../../formats/mod.ts";
import { transposeInner } from "../../models/mod.ts";
import {
  batchNorm,
  binary,
  cast,
  conv2d,
  gateThreshold,
  globalPool,
  linear,
  maxPool,
  type NormState,
  type PackedWeights,
  unary,
} from "../../ops/mod.ts";
import { Tensor } from "../../tensor/mod.ts";
import type { Value } from "./values.ts";

/** What an operator works on. */
export interface Operands {
  /** The device of all tensors. */
  readonly device: Device;
  /** The node. */
  readonly node: OnnxNode;
  /** The number of inputs. */
  readonly count: number;
  /** The value of an input. @throws {FormatError} if it is a constant. */
  value(place: number): Value;
  /** The constant of an input. @throws {FormatError} if it is none. */
  constant(place: number): OnnxTensor;
  /** Whether an input is a constant. */
  isConstant(place: number): boolean;
  /** What the node made of its constants, on the device. */
  readonly copies: PackedWeights;
}

/** An operator: computes its output. */
export type Operator = (operands: Operands) => Value;

function wholeNumbers({ attributes, name }: OnnxNode, key: string, fallback?: readonly number[]): readonly number[] {
  const attribute = attributes[key];
  if (attribute === undefined && fallback !== undefined) return fallback;
  if (attribute === undefined || !("ints" in attribute)) throw new FormatError(`ONNX: ${name} has no ${key}`);
  return attribute.ints;
}

function wholeNumber({ attributes, name }: OnnxNode, key: string, fallback: number): number {
  const attribute = attributes[key];
  if (attribute === undefined) return fallback;
  if (!("int" in attribute)) throw new FormatError(`ONNX: ${name} has no valid ${key}`);
  return attribute.int;
}

/** The one number that a list repeats. @throws {FormatError} if its numbers differ. */
function only({ name }: OnnxNode, key: string, list: readonly number[]): number {
  const [first = 0] = list;
  if (list.every((one) => one === first)) return first;
  throw new FormatError(`ONNX: ${name} has ${key} [${list}], which are not alike`);
}

/** Kernel, stride and padding of a node, the same for both axes. */
function windowOf(node: OnnxNode): { kernel: number; stride: number; padding: number } {
  return {
    kernel: only(node, "kernel_shape", wholeNumbers(node, "kernel_shape")),
    stride: only(node, "strides", wholeNumbers(node, "strides", [1, 1])),
    padding: only(node, "pads", wholeNumbers(node, "pads", [0, 0, 0, 0])),
  };
}

/** An input of f32, as it is: a constant, or a value. */
function floats({ device, node, constant, isConstant, value, copies }: Operands, place: number): Tensor {
  if (!isConstant(place)) return value(place).tensor;
  const { dtype, shape, data } = constant(place);
  if (dtype !== "f32") throw new FormatError(`ONNX: input ${place} of ${node.name} is not f32`);
  return copies.get(`input ${place}`, () => Tensor.from(device, data, shape));
}

/** A convolution's weight, OIHW in the file, as OHWI. */
function convolutionWeight(operands: Operands): Tensor {
  const { device, node, constant, copies, isConstant, value } = operands;
  const make = (data: Float32Array<ArrayBuffer>, shape: readonly number[]) => {
    const [o = 0, i = 0, h = 0, w = 0] = shape;
    return Tensor.from(device, transposeInner(data, o, i, h * w), [o, h, w, i]);
  };
  if (isConstant(1)) {
    const { dtype, shape, data } = constant(1);
    if (dtype !== "f32") throw new FormatError(`ONNX: the weight of ${node.name} is not f32`);
    return copies.get("weight", () => make(data, shape));
  }
  const { tensor } = value(1);
  return copies.get("weight", () => make(tensor.toFloat32(), tensor.shape));
}

/** Adds a bias [C] in place of a tensor whose last axis is C. */
function withBias(x: Tensor, bias: Tensor): Tensor {
  const y = binary(null, "add", x, bias, "row");
  x[Symbol.dispose]();
  return y;
}

/** A norm that leaves its input as it is. */
function identityNorm(device: Device, channels: number): NormState {
  const filled = (value: number) => Tensor.full(device, [channels], value);
  return {
    gamma: filled(1),
    beta: filled(0),
    runningMean: filled(0),
    runningVar: filled(1),
    epsilon: 0,
    momentum: 0,
  };
}

/** x * y, or x + y: of two values of a shape, of a map and a mask, or of a map and a constant for each channel. */
function arithmetic(name: "add" | "multiply"): Operator {
  return (operands) => {
    const { device, isConstant, value, node } = operands;
    const x = value(0);
    if (isConstant(1)) return { ...x, tensor: binary(null, name, x.tensor, floats(operands, 1), "row") };
    const y = value(1);
    if (x.layout === y.layout) return { ...x, tensor: binary(null, name, x.tensor, y.tensor) };
    if (name === "add" || x.layout !== "map" || y.layout !== "pixel") {
      throw new FormatError(`ONNX: the inputs of ${node.name} do not go together`);
    }
    const norm = identityNorm(device, x.tensor.dim(-1));
    return { ...x, tensor: batchNorm(null, x.tensor, norm, { training: false, mask: y.tensor }) };
  };
}

const flatten: Operator = ({ value, node }) => {
  const { tensor, layout } = value(0);
  if (layout === "map") throw new FormatError(`ONNX: ${node.name} flattens a map, which networks of sluice do not do`);
  return { tensor, layout: "plain" };
};

/** The one number of a constant. @throws {FormatError} if it holds several. */
function scalar({ constant, node }: Operands, place: number): number {
  const { data } = constant(place);
  if (data.length !== 1) throw new FormatError(`ONNX: input ${place} of ${node.name} is no single number`);
  return Number(data[0]);
}

/**
 * From here to twice as much f32 holds whole numbers only: adding it rounds small numbers to whole ones, halves to even
 * ones. It is 1.5 times 2^23, so that negative numbers stay in that range, too.
 */
const WHOLE_FROM = 12_582_912;

/** Rounds to bytes, and stores what they stand for. */
const quantise: Operator = (operands) => {
  const { value, constant, node: { name, inputs }, device } = operands;
  const { dtype } = constant(2);
  if (dtype !== "i8" && dtype !== "u8") throw new FormatError(`ONNX: ${name} gives no bytes`);
  const [least, most] = dtype === "i8" ? [-128, 127] : [0, 255];
  const [scale, zeroPoint] = [scalar(operands, 1), scalar(operands, 2)];
  const { tensor, layout } = value(0);
  const values = tensor.toFloat32();
  const [low, high] = [least - zeroPoint, most - zeroPoint];
  for (let at = 0; at < values.length; at++) {
    const steps = Math.min(high, Math.max(low, Math.fround((values[at] ?? 0) / scale)));
    values[at] = scale * (Math.fround(steps + WHOLE_FROM) - WHOLE_FROM);
  }
  return { tensor: Tensor.from(device, values, tensor.shape), layout, steps: inputs.slice(1) };
};

/** Turns a constant of whole numbers back, with a scale for each row or one for all. */
function dequantiseConstant(operands: Operands): Value {
  const { constant, device, copies, count } = operands;
  const { shape, data } = constant(0);
  const scales = constant(1).data;
  const zeroPoints = count > 2 ? constant(2).data : new Int8Array(scales.length);
  const inner = data.length / scales.length;
  const tensor = copies.get("dequantised", () => {
    const values = Float32Array.from(data, (whole: number | bigint, at: number) => {
      const row = Math.floor(at / inner);
      return Number(scales[row]) * (Number(whole) - Number(zeroPoints[row]));
    });
    return Tensor.from(device, values, shape);
  });
  return { tensor, layout: "plain", isKept: true };
}

const dequantise: Operator = (operands) => {
  const { isConstant, value, node: { inputs, name } } = operands;
  if (isConstant(0)) return dequantiseConstant(operands);
  const { steps, ...whole } = value(0);
  if (steps?.join() !== inputs.slice(1).join()) {
    throw new FormatError(`ONNX: ${name} turns whole numbers back by another scale than they were made by`);
  }
  return whole;
};

/** The operators by name. */
export const operators: Readonly<Record<string, Operator>> = {
  Conv: (operands) => {
    const { value, node, count, copies } = operands;
    const { stride, padding } = windowOf(node);
    const y = conv2d(null, value(0).tensor, convolutionWeight(operands), { stride, padding }, copies);
    return { tensor: count > 2 ? withBias(y, floats(operands, 2)) : y, layout: "map" };
  },
  Gemm: (operands) => {
    const { value, node, count } = operands;
    if (wholeNumber(node, "transB", 0) !== 1) throw new FormatError(`ONNX: ${node.name} must have transB 1`);
    const bias = count > 2 ? floats(operands, 2) : null;
    return { tensor: linear(null, value(0).tensor, floats(operands, 1), bias), layout: "plain" };
  },
  BatchNormalization: (operands) => {
    const { value, node: { attributes } } = operands;
    const epsilon = attributes["epsilon"];
    const [gamma, beta, runningMean, runningVar] = [1, 2, 3, 4].map((place) => floats(operands, place));
    if (!gamma || !beta || !runningMean || !runningVar) throw new FormatError("ONNX: a norm lacks a part");
    const norm = {
      gamma,
      beta,
      runningMean,
      runningVar,
      epsilon: epsilon && "float" in epsilon ? epsilon.float : 1e-5,
      momentum: 0,
    };
    const x = value(0);
    return { ...x, tensor: batchNorm(null, x.tensor, norm, { training: false }) };
  },
  Relu: ({ value }) => {
    const x = value(0);
    return { ...x, tensor: unary(null, "relu", x.tensor) };
  },
  MaxPool: ({ value, node }) => ({ tensor: maxPool(null, value(0).tensor, windowOf(node)), layout: "map" }),
  GlobalAveragePool: ({ value }) => ({ tensor: globalPool(null, value(0).tensor), layout: "pixel" }),
  Flatten: flatten,
  Add: arithmetic("add"),
  Mul: arithmetic("multiply"),
  GreaterOrEqual: ({ value, constant, node }) => {
    const { data } = constant(1);
    if (data.length !== 1 || Number(data[0]) !== 0) throw new FormatError(`ONNX: ${node.name} must compare with 0`);
    return { tensor: gateThreshold(value(0).tensor), layout: "plain" };
  },
  // Bits and bytes are compared and multiplied as f32 anyway.
  Cast: ({ value }) => {
    const x = value(0);
    return x.tensor.dtype === "f32" ? x : { ...x, tensor: cast(null, x.tensor, "f32") };
  },
  QuantizeLinear: quantise,
  DequantizeLinear: dequantise,
  Unsqueeze: ({ value }) => ({ ...value(0), layout: "pixel" }),
  // Bytes [N, H, W, 3] become planes [N, 3, H, W], which are stored as they were.
  Transpose: ({ value, node }) => {
    if (wholeNumbers(node, "perm").join() !== "0,3,1,2") throw new FormatError(`ONNX: ${node.name} is no [N, C, H, W]`);
    return { ...value(0), layout: "map" };
  },
};
