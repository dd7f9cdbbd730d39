/**
 * The gate's decision: one bit for each channel, made from its logit.
 *
 * @module
 */
import { needsGradient, type Recorder } from "../autograd/mod.ts";
import { Tensor } from "../tensor/mod.ts";
import { expectF32, expectShape } from "./shapes.ts";

/**
 * Training: mask = [s >= 0.5] with s = sigmoid((a logits + g) / tau), g = log(u + 1e-8) - log(1 - u + 1e-8).
 *
 * Gradient, straight through: dlogits = a dmask * s (1 - s) / tau. (the Gumbel-softmax of two classes: Jang et al.
 * 2017, Maddison et al. 2017; as used by DGNet, Li et al. 2021)
 *
 * @param logits [N, C] f32.
 * @param uniform u, [N, C] f32 in (0, 1].
 * @param setting [2] f32: the factor a of the logits, and the temperature tau above 0. They lie on the device because
 * they change from step to step, and a recorded step reads them anew.
 * @returns [N, C] f32 of 0 and 1.
 * @throws {ShapeError} if shapes differ, or if a tensor is not f32.
 * @throws {NativeError} if tau is not above 0: on the CPU here, on a GPU from the next call that waits for it.
 */
export function gateSample(tape: Recorder, logits: Tensor, uniform: Tensor, setting: Tensor): Tensor {
  expectF32("gateSample", logits, uniform, setting);
  expectShape("gateSample", "uniform", uniform, logits.shape);
  expectShape("gateSample", "setting", setting, [2]);
  const { kernels } = logits.device;
  const mask = new Tensor(logits.device, logits.shape);
  const soft = new Tensor(logits.device, logits.shape);
  kernels.sl_gate_sample(logits.size, logits.pointer, uniform.pointer, setting.pointer, mask.pointer, soft.pointer);
  if (!needsGradient(tape, logits)) {
    soft[Symbol.dispose]();
    return mask;
  }
  tape.record(mask, [soft], (dmask) => {
    tape.accumulate(logits, (dlogits, accumulate) => {
      kernels.sl_gate_sample_backward(
        logits.size,
        soft.pointer,
        dmask.pointer,
        setting.pointer,
        dlogits.pointer,
        accumulate,
      );
    });
  });
  return mask;
}

/**
 * Evaluation: mask = [logits >= 0], without noise or gradient.
 *
 * @param logits [N, C] f32.
 * @returns [N, C] f32 of 0 and 1.
 * @throws {ShapeError} if logits are not f32.
 */
export function gateThreshold(logits: Tensor): Tensor {
  expectF32("gateThreshold", logits);
  const mask = new Tensor(logits.device, logits.shape);
  logits.device.kernels.sl_gate_threshold(logits.size, logits.pointer, mask.pointer);
  return mask;
}
