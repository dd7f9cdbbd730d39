/**
 * Parameters: trainable tensors and how the optimiser treats them.
 *
 * @module
 */
import type { Device } from "../device/mod.ts";
import { PackedWeights } from "../ops/mod.ts";
import { Tensor, unscoped } from "../tensor/mod.ts";

/** How an optimiser treats a parameter. */
export interface ParameterOptions {
  /** Whether weight decay applies. Defaults to true; vectors never decay. */
  readonly decay?: boolean;
  /** The index of the step's learning rate that moves it. Defaults to 0. */
  readonly group?: number;
}

/** A trainable f32 tensor that lives until its module is disposed of. */
export class Parameter implements Disposable {
  /** The values. */
  readonly value: Tensor;
  /** Copies of the values in native layouts and element types; {@linkcode changed} frees them. */
  readonly packed: PackedWeights = new PackedWeights();
  /** Whether weight decay applies. */
  readonly decay: boolean;
  /** The index of the step's learning rate that moves it. */
  readonly group: number;
  /** Whether the layer-wise rates of LARS apply: false for vectors. */
  readonly adapt: boolean;

  /** Copies the initial values to the device. */
  constructor(
    device: Device,
    initial: Float32Array<ArrayBuffer>,
    shape: readonly number[],
    options: ParameterOptions = {},
  ) {
    this.value = unscoped(() => Tensor.from(device, initial, shape));
    this.value.requiresGrad = true;
    this.group = options.group ?? 0;
    this.adapt = shape.length > 1;
    this.decay = this.adapt && (options.decay ?? true);
  }

  /** Frees the packed copies. Call it whenever the values have changed. */
  changed(): void {
    this.packed.clear();
  }

  /** Frees the values and their copies. */
  [Symbol.dispose](): void {
    this.packed.clear();
    this.value[Symbol.dispose]();
  }
}
