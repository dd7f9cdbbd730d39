/**
 * The fully connected layer, which owns its weight and biases.
 *
 * @module
 */
import type { Recorder } from "../autograd/mod.ts";
import type { Device } from "../device/mod.ts";
import { linear, type LinearOptions } from "../ops/mod.ts";
import type { Tensor } from "../tensor/mod.ts";
import { Module } from "./module.ts";
import { Parameter, type ParameterOptions } from "./parameter.ts";

/** y = x weight^T + bias. */
export class Linear extends Module {
  /** [O, I] f32. */
  readonly weight: Parameter;
  /** [O] f32, or null for a layer without biases. */
  readonly bias: Parameter | null;

  /**
   * A layer with the given initial values.
   *
   * @param weight initial weights, O * I values.
   * @param bias initial biases, O values, or null for a layer without biases.
   */
  constructor(
    device: Device,
    size: { readonly inFeatures: number; readonly outFeatures: number },
    weight: Float32Array<ArrayBuffer>,
    bias: Float32Array<ArrayBuffer> | null,
    options: ParameterOptions = {},
  ) {
    super();
    const { inFeatures, outFeatures } = size;
    this.weight = this.parameter("weight", new Parameter(device, weight, [outFeatures, inFeatures], options));
    this.bias = bias && this.parameter("bias", new Parameter(device, bias, [outFeatures], options));
  }

  /**
   * [N, I] f32 or bf16 to [N, O], of `outDtype` or by default of x's element type.
   *
   * @param bias [O] f32 in place of the layer's own biases.
   */
  forward(
    tape: Recorder,
    x: Tensor,
    options: Pick<LinearOptions, "outDtype"> = {},
    bias: Tensor | null = this.bias?.value ?? null,
  ): Tensor {
    const { value, packed } = this.weight;
    return linear(tape, x, value, bias, { ...options, packed });
  }
}
