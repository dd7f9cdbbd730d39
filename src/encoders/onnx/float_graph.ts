/**
 * The graph of an encoder in floats.
 *
 * @module
 */
import { ShapeError } from "../../errors.ts";
import { type HostTensor, onnxTypeCode } from "../../formats/mod.ts";
import {
  type BlockSpec,
  blockSpecs,
  byConvolution,
  type ConvolutionSpec,
  type GateSpec,
  stemSpec,
} from "../../models/mod.ts";
import type { EncoderDescription } from "../encoder_description.ts";
import { GraphBuilder } from "./graph_builder.ts";

/** How an encoder becomes a graph. */
export interface GraphOptions {
  /** Whether norms stay nodes of their own, instead of being multiplied into the weights before them. */
  readonly keepNorms: boolean;
  /** Whether the graph takes images of bytes, and normalises them itself. */
  readonly includePreprocessing: boolean;
}

/** Names of the input and of the output. */
export const graphInput = "images", graphOutput = "features";
/** Name of the normalised images of a graph with preprocessing. */
export const normalisedInput = "images.normalised";

/** Epsilon of every norm of a network. */
export const EPSILON = 1e-5;

/** Scale and shift of a norm: it is scale x + shift in evaluation. In float64. */
interface Fold {
  readonly scale: Float64Array;
  readonly shift: Float64Array;
}

/** Writes an encoder's layers. Values are called after the modules that compute them. */
class EncoderGraph {
  readonly graph = new GraphBuilder();

  constructor(readonly state: ReadonlyMap<string, HostTensor>, readonly options: GraphOptions) {}

  /** A tensor of the encoder. @throws {ShapeError} if there is none of that name. */
  #tensor(name: string): { readonly shape: readonly number[]; readonly data: Float32Array<ArrayBuffer> } {
    const tensor = this.state.get(name);
    if (tensor?.dtype !== "f32") throw new ShapeError(`the encoder has no ${name}`);
    return tensor;
  }

  #fold(norm: string): Fold {
    const [gamma, beta, mean, variance] = ["weight", "bias", "running_mean", "running_var"].map((part) =>
      this.#tensor(`${norm}.${part}`).data
    );
    const scale = Float64Array.from(
      gamma ?? [],
      (value, channel) => value / Math.sqrt((variance?.[channel] ?? 0) + EPSILON),
    );
    const shift = scale.map((factor, channel) => (beta?.[channel] ?? 0) - (mean?.[channel] ?? 0) * factor);
    return { scale, shift };
  }

  /** A weight [O, ...] whose rows a norm's scale multiplied, and the norm's shift as bias. @returns both names. */
  #folded(layer: string, norm: string): [weight: string, bias: string] {
    const { shape, data } = this.#tensor(`${layer}.weight`);
    const { scale, shift } = this.#fold(norm);
    const inner = data.length / (shape[0] ?? 1);
    const values = data.map((value, at) => value * (scale[Math.floor(at / inner)] ?? 1));
    return [
      this.graph.floats(`${layer}.weight`, shape, values),
      this.graph.floats(`${layer}.bias`, [shift.length], shift),
    ];
  }

  #weight(layer: string): string {
    const { shape, data } = this.#tensor(`${layer}.weight`);
    return this.graph.floats(`${layer}.weight`, shape, data);
  }

  #norm(norm: string, x: string): string {
    const parts = ["weight", "bias", "running_mean", "running_var"].map((part) => {
      const { shape, data } = this.#tensor(`${norm}.${part}`);
      return this.graph.floats(`${norm}.${part}`, shape, data);
    });
    return this.graph.node("BatchNormalization", [x, ...parts], `${norm}.output`, { epsilon: { float: EPSILON } });
  }

  /** A convolution and its norm. */
  convolution(
    layer: string,
    norm: string,
    x: string,
    { kernel, stride, padding }: Pick<ConvolutionSpec, "kernel" | "stride" | "padding">,
  ): string {
    const attributes = {
      kernel_shape: { ints: [kernel, kernel] },
      strides: { ints: [stride, stride] },
      pads: { ints: [padding, padding, padding, padding] },
    };
    const convolve = (operands: readonly string[]) => {
      return this.graph.node("Conv", [x, ...operands], `${layer}.output`, attributes);
    };
    if (this.options.keepNorms) return this.#norm(norm, convolve([this.#weight(layer)]));
    return convolve(this.#folded(layer, norm));
  }

  relu(name: string, x: string): string {
    return this.graph.node("Relu", [x], `${name}.relu`);
  }

  /** The mean of a map over its pixels, as a matrix. */
  pooled(name: string, x: string, output = `${name}.pooled`): string {
    const mean = this.graph.node("GlobalAveragePool", [x], `${name}.mean`);
    return this.graph.node("Flatten", [mean], output, { axis: { int: 1 } });
  }

  /** The mask of a gate for the mean of the block's input, [N, C, 1, 1] of 0 and 1. */
  mask(gate: string, pooled: string, { group }: GateSpec): string {
    const { graph } = this;
    const gemm = { transB: { int: 1 } };
    const hidden = this.options.keepNorms
      ? this.#norm(`${gate}.bn`, graph.node("Gemm", [pooled, this.#weight(`${gate}.fc1`)], `${gate}.fc1.output`, gemm))
      : graph.node("Gemm", [pooled, ...this.#folded(`${gate}.fc1`, `${gate}.bn`)], `${gate}.fc1.output`, gemm);
    const active = this.relu(gate, hidden);
    const bias = this.state.has(`${gate}.fc2.bias`) ? [this.#repeated(`${gate}.fc2.bias`, group)] : [];
    const operands = [active, this.#repeated(`${gate}.fc2.weight`, group), ...bias];
    const logits = graph.node("Gemm", operands, `${gate}.logits`, gemm);
    const zero = graph.floats("zero", [], [0]);
    const open = graph.node("GreaterOrEqual", [logits, zero], `${gate}.open`);
    const bits = graph.node("Cast", [open], `${gate}.bits`, { to: { int: onnxTypeCode("f32") } });
    const axes = graph.constant("pixel_axes", { dtype: "i64", shape: [2], data: BigInt64Array.of(2n, 3n) });
    return graph.node("Unsqueeze", [bits, axes], `${gate}.mask`);
  }

  /** A tensor whose rows stand for groups of channels, with a row for each channel. */
  #repeated(name: string, group: number): string {
    const { shape: [rows = 0, ...others], data } = this.#tensor(name);
    const inner = data.length / rows;
    const values = Array.from({ length: rows * group }, (_, row) => {
      const from = Math.floor(row / group) * inner;
      return [...data.subarray(from, from + inner)];
    });
    return this.graph.floats(name, [rows * group, ...others], values.flat());
  }

  /** A residual block. @param isGated whether masks follow its masked convolutions. */
  block(spec: BlockSpec, x: string, isGated: boolean): string {
    const { name, convolutions, gates, projects, stride } = spec;
    const pooled = isGated ? this.pooled(`${name}.input`, x) : "";
    const masks = byConvolution(
      spec,
      isGated ? gates.map((gate) => this.mask(`${name}.${gate.name}`, pooled, gate)) : [],
    );
    let h = x;
    convolutions.forEach((convolution, index) => {
      const layer = `${name}.conv${index + 1}`;
      h = this.convolution(layer, `${name}.bn${index + 1}`, h, convolution);
      if (index === convolutions.length - 1) return;
      h = this.relu(layer, h);
      const mask = masks[index];
      if (mask !== undefined) h = this.graph.node("Mul", [h, mask], `${layer}.masked`);
    });
    const shortcut = projects
      ? this.convolution(`${name}.downsample.0`, `${name}.downsample.1`, x, { kernel: 1, stride, padding: 0 })
      : x;
    return this.relu(name, this.graph.node("Add", [h, shortcut], `${name}.sum`));
  }

  /** Turns bytes [N, H, W, 3] into normalised maps. */
  preprocess(x: string, { mean, std }: EncoderDescription): string {
    const { graph } = this;
    const floats = graph.node("Cast", [x], "images.floats", { to: { int: onnxTypeCode("f32") } });
    const planes = graph.node("Transpose", [floats], "images.planes", { perm: { ints: [0, 3, 1, 2] } });
    const scales = graph.floats("images.scale", [1, 3, 1, 1], std.map((own) => 1 / (255 * own)));
    const shifts = graph.floats("images.shift", [1, 3, 1, 1], mean.map((own, channel) => -own / (std[channel] ?? 1)));
    return graph.node("Add", [graph.node("Mul", [planes, scales], "images.scaled"), shifts], normalisedInput);
  }
}

/**
 * The graph of an encoder: input `images` [batch, 3, H, W], normalised, or with preprocessing bytes [batch, H, W, 3];
 * output `features` [batch, F].
 *
 * A gated encoder multiplies by its masks: it is equal, and saves nothing. Constants have torchvision's names and
 * layouts; a bias that a norm left in its convolution is called `conv1.bias` and so on. If gates open groups of
 * channels, `gate.fc2.weight` has a row for each channel.
 *
 * @param state the encoder's tensors in PyTorch's layouts, see `encoderState`.
 */
export function floatGraph(
  state: ReadonlyMap<string, HostTensor>,
  description: EncoderDescription,
  options: GraphOptions,
): GraphBuilder {
  const encoder = new EncoderGraph(state, options);
  const { spec, network } = description;
  const { pool, ...stem } = stemSpec(spec.stem);
  const x = options.includePreprocessing ? encoder.preprocess(graphInput, description) : graphInput;
  let h = encoder.relu("conv1", encoder.convolution("conv1", "bn1", x, stem));
  if (pool !== null) {
    const { kernel, stride, padding } = pool;
    h = encoder.graph.node("MaxPool", [h], "maxpool.output", {
      kernel_shape: { ints: [kernel, kernel] },
      strides: { ints: [stride, stride] },
      pads: { ints: [padding, padding, padding, padding] },
    });
  }
  for (const block of blockSpecs(spec)) h = encoder.block(block, h, network === "gated");
  encoder.pooled("layers", h, graphOutput);
  return encoder.graph;
}
