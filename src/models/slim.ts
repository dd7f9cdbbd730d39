/**
 * Slim networks: ordinary residual networks of the channels that one mask keeps for all images.
 *
 * @module
 */
import type { Device } from "../device/mod.ts";
import type { HostTensor } from "../formats/mod.ts";
import { encoderOf, encoderState } from "./encoder_state.ts";
import type { GatedResNet } from "./gated_resnet.ts";
import { blockSpecs, byConvolution, gateSpecs, type NetworkSpec } from "./spec.ts";

/** The network that a slim network was cut out of, without gates; any other network as it is. */
export function wholeSpec({ kept: _, ...whole }: NetworkSpec): NetworkSpec {
  return whole;
}

/** How many channels a slim network keeps. */
export interface KeptChannels {
  /** What the gate of the whole network is called in reports, such as `layer2.0`. */
  readonly name: string;
  /** Channels of the whole network. */
  readonly channels: number;
  /** Channels that the slim network keeps. */
  readonly kept: number;
}

/** The channels that a slim network keeps, by gate of the whole network; empty for other networks. */
export function keptChannels(spec: NetworkSpec): KeptChannels[] {
  const { kept } = spec;
  if (kept === undefined) return [];
  const gates = gateSpecs(wholeSpec(spec));
  return gates.map(({ label, channels }, gate) => ({ name: label, channels, kept: kept[gate] ?? channels }));
}

/** The values of a tensor at some places of an axis. @param places indices along the axis, ascending. */
function selected({ shape, data }: HostTensor, axis: number, places: readonly number[]): HostTensor {
  const inner = shape.slice(axis + 1).reduce((product, size) => product * size, 1);
  const outer = shape.slice(0, axis).reduce((product, size) => product * size, 1);
  const size = shape[axis] ?? 1;
  const values = new Float32Array(outer * places.length * inner);
  let filled = 0;
  for (let row = 0; row < outer; row++) {
    for (const place of places) {
      const from = (row * size + place) * inner;
      values.set(data.subarray(from, from + inner), filled);
      filled += inner;
    }
  }
  return { dtype: "f32", shape: shape.map((own, index) => (index === axis ? places.length : own)), data: values };
}

/** The places of a mask's open channels. */
function openPlaces(mask: Uint8Array): number[] {
  return Array.from(mask.keys()).filter((channel) => mask[channel] === 1);
}

/** Cuts the closed channels out of a gated encoder's state, in PyTorch's layouts, and the gates with them. */
function slimState(
  state: ReadonlyMap<string, HostTensor>,
  spec: NetworkSpec,
  masks: readonly Uint8Array[],
): Map<string, HostTensor> {
  const slim = new Map([...state].filter(([name]) => !/\.gate\d?\./.test(name)));
  const cut = (name: string, axis: number, places: readonly number[]) => {
    const tensor = slim.get(name);
    if (tensor !== undefined) slim.set(name, selected(tensor, axis, places));
  };
  let gate = 0;
  for (const block of blockSpecs(spec)) {
    const own = masks.slice(gate, gate + block.gates.length);
    gate += own.length;
    byConvolution(block, own).forEach((mask, index) => {
      if (mask === undefined) return;
      const places = openPlaces(mask);
      cut(`${block.name}.conv${index + 1}.weight`, 0, places);
      for (const part of ["weight", "bias", "running_mean", "running_var"]) {
        cut(`${block.name}.bn${index + 1}.${part}`, 0, places);
      }
      cut(`${block.name}.conv${index + 2}.weight`, 1, places);
    });
  }
  return slim;
}

/**
 * The network that computes what the gated encoder computes under one mask for all images, but for rounding: it has the
 * gated norms, and the open channels only.
 *
 * @param device the network's device, and the slim network's.
 * @param masks 1 for channels that stay and 0 for others, by gate [C]; each keeps at least one channel.
 * @returns a network without gates, computed by dense passes; the caller frees it.
 */
export function slimNetwork(device: Device, network: GatedResNet, masks: readonly Uint8Array[]): GatedResNet {
  const { gateReduction: _, gateGroup: __, ladder: ___, ...spec } = network.spec;
  const kept = masks.map((mask) => openPlaces(mask).length);
  const state = slimState(encoderState(network, "gated"), network.spec, masks);
  return encoderOf(device, { ...spec, kept }, { gated: false }, state);
}
