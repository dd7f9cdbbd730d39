/**
 * Layer norm: normalises each row.
 *
 * @module
 */
import type { Recorder } from "../autograd/mod.ts";
import type { Device } from "../device/mod.ts";
import { binary, scale, sum, unary } from "../ops/mod.ts";
import type { Tensor } from "../tensor/mod.ts";
import { Module } from "./module.ts";
import { Parameter, type ParameterOptions } from "./parameter.ts";

/** Added to the variance under the root, as in PyTorch. */
const EPSILON = 1e-5;

/** y = (x - mean) / sqrt(variance + 1e-5) * weight + bias, over the columns of each row. (Ba, Kiros, Hinton 2016) */
export class LayerNorm extends Module {
  /** Scale, [F] f32, initially 1. */
  readonly weight: Parameter;
  /** Shift, [F] f32, initially 0. */
  readonly bias: Parameter;

  /** The norm of rows of `features` values. */
  constructor(device: Device, readonly features: number, options: ParameterOptions = {}) {
    super();
    const vector = (value: number) =>
      new Parameter(device, new Float32Array(features).fill(value), [features], options);
    this.weight = this.parameter("weight", vector(1));
    this.bias = this.parameter("bias", vector(0));
  }

  /**
   * Normalises every row.
   *
   * @param x [N, F] f32.
   * @throws {ShapeError} if the rows have another length.
   */
  forward(tape: Recorder, x: Tensor): Tensor {
    const centred = binary(tape, "subtract", x, sum(tape, x, "columns", 1 / this.features), "column");
    const variance = sum(tape, unary(tape, "square", centred), "columns", 1 / this.features);
    const deviation = unary(tape, "sqrt", scale(tape, variance, 1, EPSILON));
    const normalised = binary(tape, "divide", centred, deviation, "column");
    const scaled = binary(tape, "multiply", normalised, this.weight.value, "row");
    return binary(tape, "add", scaled, this.bias.value, "row");
  }
}
