/**
 * Takes the weights of one encoder out of a network that holds both, and builds a network from such weights.
 *
 * @module
 */
import type { Device } from "../device/mod.ts";
import type { HostTensor } from "../formats/mod.ts";
import type { Pass } from "./forward_context.ts";
import { Initialiser } from "../nn/mod.ts";
import type { BlockOptions } from "./gated_block.ts";
import { GatedResNet } from "./gated_resnet.ts";
import { isKnot } from "./norm_knots.ts";
import type { NetworkSpec } from "./spec.ts";
import { loadTorchState, toTorchState } from "./torchvision.ts";

/**
 * The state of one encoder alone, in PyTorch's layouts and under torchvision's names. The dense encoder comes without
 * gates. The gated encoder comes with its own norms, if each encoder has its own: they take the dense norms' names and
 * places. What training adds to the gates' logits becomes their biases, unless it is 0. A ladder's knots are left out.
 */
export function encoderState(network: GatedResNet, pass: Pass): Map<string, HostTensor> {
  const state = new Map<string, HostTensor>();
  for (const [name, tensor] of toTorchState(network)) {
    if (isKnot(name)) continue;
    const isGatedOnly = /\.gate\d?\.|\.gated_bn\d\./.test(name);
    if (pass === "dense" && isGatedOnly) continue;
    if (name.endsWith(".opening")) {
      if (tensor.data.some((value) => value !== 0)) state.set(name.replace(".opening", ".fc2.bias"), tensor);
      continue;
    }
    // A block yields its gated norms after the dense norms, so that they overwrite them.
    state.set(name.replace(".gated_bn", ".bn"), tensor);
  }
  return state;
}

/**
 * Builds the network of one encoder from its state, as {@linkcode encoderState} gives it.
 *
 * @returns the network, which the caller frees.
 * @throws {ShapeError} if the state does not fit.
 */
export function encoderOf(
  device: Device,
  spec: NetworkSpec,
  { gated, gateBias = null }: Pick<BlockOptions, "gated" | "gateBias">,
  state: ReadonlyMap<string, HostTensor>,
): GatedResNet {
  // The state overwrites weights of 0.
  const encoder = new GatedResNet(device, new Initialiser(null), spec, { gated, separateNorm: false, gateBias });
  try {
    loadTorchState(encoder, state);
  } catch (error) {
    encoder[Symbol.dispose]();
    throw error;
  }
  return encoder;
}
