/**
 * Batch norm as a layer that owns its parameters and running statistics.
 *
 * @module
 */
import type { Recorder } from "../autograd/mod.ts";
import type { Device } from "../device/mod.ts";
import { batchNorm, type NormOptions, type NormState } from "../ops/mod.ts";
import { Tensor, unscoped } from "../tensor/mod.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";

/**
 * Batch norm over all but the last axis: scale 1, shift 0, epsilon 1e-5, running momentum 0.1, unbiased running
 * variance.
 */
export class BatchNorm extends Module {
  /** Scale, [C]. */
  readonly weight: Parameter;
  /** Shift, [C]. */
  readonly bias: Parameter;
  /** Parameters and running statistics in the form that operations take. */
  readonly norm: NormState;

  /** The identity at first, but for epsilon: mean 0, variance 1. */
  constructor(device: Device, channels: number) {
    super();
    this.weight = this.parameter("weight", new Parameter(device, new Float32Array(channels).fill(1), [channels]));
    this.bias = this.parameter("bias", new Parameter(device, new Float32Array(channels), [channels]));
    const filled = (value: number) => unscoped(() => Tensor.full(device, [channels], value));
    this.norm = {
      gamma: this.weight.value,
      beta: this.bias.value,
      runningMean: this.buffer("running_mean", filled(0)),
      runningVar: this.buffer("running_var", filled(1)),
      epsilon: 1e-5,
      momentum: 0.1,
    };
  }

  /** [..., C] to [..., C], with residual, relu and mask fused in by `options`. */
  forward(tape: Recorder, x: Tensor, options: NormOptions): Tensor {
    return batchNorm(tape, x, this.norm, options);
  }
}
