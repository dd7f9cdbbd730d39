/**
 * The weights of one encoder, taken out of a network that holds both.
 *
 * @module
 */
import type { HostTensor } from "../formats/mod.ts";
import type { Pass } from "./forward_context.ts";
import type { GatedResNet } from "./gated_resnet.ts";
import { toTorchState } from "./torchvision.ts";

/**
 * The state of one encoder alone, in PyTorch's layouts and under torchvision's names. The dense encoder comes without
 * gates. The gated encoder comes with its own norms, if each encoder has its own: they take the dense norms' names and
 * places. What training adds to the gates' logits becomes their biases, unless it is 0.
 */
export function encoderState(network: GatedResNet, pass: Pass): Map<string, HostTensor> {
  const state = new Map<string, HostTensor>();
  for (const [name, tensor] of toTorchState(network)) {
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
