/**
 * One encoder's own weights, taken out of a network that holds both.
 *
 * @module
 */
import type { HostTensor } from "../formats/mod.ts";
import type { Pass } from "./forward_context.ts";
import type { GatedResNet } from "./gated_resnet.ts";
import { toTorchState } from "./torchvision.ts";

/**
 * The state of a network that is one encoder alone, in PyTorch's layouts under torchvision's names: the dense one without gates, the
 * gated one with its own norms where they are two, which lose their prefix and stand in place of the dense encoder's.
 */
export function encoderState(network: GatedResNet, pass: Pass): Map<string, HostTensor> {
  const state = new Map<string, HostTensor>();
  for (const [name, tensor] of toTorchState(network)) {
    const isGatedOnly = /\.gate\d?\.|\.gated_bn\d\./.test(name);
    if (pass === "dense" && isGatedOnly) continue;
    // A block has its gated norms behind the others, which they so replace.
    state.set(name.replace(".gated_bn", ".bn"), tensor);
  }
  return state;
}
