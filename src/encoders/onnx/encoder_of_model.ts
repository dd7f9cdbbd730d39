/**
 * Rebuilds the network of this library that an ONNX model came from.
 *
 * @module
 */
import type { Device } from "../../device/mod.ts";
import { FormatError, type HostTensor, type OnnxModel } from "../../formats/mod.ts";
import { blockSpecs, encoderOf, type GatedResNet } from "../../models/mod.ts";
import type { EncoderDescription } from "../encoder_description.ts";
import { EPSILON } from "./float_graph.ts";

type Floats = Extract<HostTensor, { dtype: "f32" }>;

/** A norm that adds a shift and changes nothing else. */
function shiftingNorm(norm: string, shift: Floats): (readonly [string, HostTensor])[] {
  const filled = (value: number): HostTensor => ({
    dtype: "f32",
    shape: shift.shape,
    data: new Float32Array(shift.data.length).fill(value),
  });
  return [
    [`${norm}.weight`, filled(1)],
    [`${norm}.bias`, shift],
    [`${norm}.running_mean`, filled(0)],
    [`${norm}.running_var`, filled(1 - EPSILON)],
  ];
}

/** The layers that a norm follows, by the layer's name. */
function normsByLayer({ spec, network }: EncoderDescription): Map<string, string> {
  const norms = new Map([["conv1", "bn1"]]);
  for (const { name, convolutions, projects, gates } of blockSpecs(spec)) {
    convolutions.forEach((_, index) => norms.set(`${name}.conv${index + 1}`, `${name}.bn${index + 1}`));
    if (projects) norms.set(`${name}.downsample.0`, `${name}.downsample.1`);
    if (network !== "gated") continue;
    for (const gate of gates) norms.set(`${name}.${gate.name}.fc1`, `${name}.${gate.name}.bn`);
  }
  return norms;
}

/** The first row of each group of rows, which are alike. */
function firstOfGroups({ shape: [rows = 0, ...others], data }: Floats, group: number): Floats {
  const inner = data.length / rows;
  const kept = Array.from(
    { length: rows / group },
    (_, row) => [...data.subarray(row * group * inner).subarray(0, inner)],
  );
  return { dtype: "f32", shape: [rows / group, ...others], data: Float32Array.from(kept.flat()) };
}

/**
 * The network of a model in floats, whether its norms are nodes or in its weights. It computes what the model computes,
 * but for rounding.
 *
 * @returns the network, which the caller frees.
 * @throws {FormatError} if the model is in 8 bits, or lacks a weight.
 */
export function encoderOfModel(
  device: Device,
  { initialisers }: OnnxModel,
  description: EncoderDescription,
): GatedResNet {
  const floats = (name: string): Floats => {
    const tensor = initialisers.get(name);
    if (tensor?.dtype !== "f32") throw new FormatError(`ONNX: ${name} is missing, or not f32`);
    return tensor;
  };
  const { spec, network } = description;
  const state = new Map<string, HostTensor>();
  for (const [layer, norm] of normsByLayer(description)) {
    state.set(`${layer}.weight`, floats(`${layer}.weight`));
    if (initialisers.has(`${layer}.bias`)) {
      for (const [name, tensor] of shiftingNorm(norm, floats(`${layer}.bias`))) state.set(name, tensor);
      continue;
    }
    for (const part of ["weight", "bias", "running_mean", "running_var"]) {
      state.set(`${norm}.${part}`, floats(`${norm}.${part}`));
    }
  }
  const lasts = [...initialisers.keys()].filter((name) => /\.fc2\.(weight|bias)$/.test(name));
  for (const name of lasts) state.set(name, firstOfGroups(floats(name), spec.gateGroup ?? 1));
  const gateBias = lasts.some((name) => name.endsWith(".bias")) ? 0 : null;
  return encoderOf(device, spec, { gated: network === "gated", gateBias }, state);
}
