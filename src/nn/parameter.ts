/**
 * Parameters: trainable tensors with what the optimiser has to know of them.
 *
 * @module
 */
import type { Device } from "../device/mod.ts";
import { PackedWeights } from "../ops/mod.ts";
import { Tensor, unscoped } from "../tensor/mod.ts";

/** How an optimiser treats a parameter. */
export interface ParameterOptions {
  /** Whether weight decay applies; by default to everything but vectors. */
  readonly decay?: boolean;
  /** Its parameter group: which of a step's learning rates moves it; the first, 0, by default. */
  readonly group?: number;
}

/** A trainable tensor, f32, that lives until its module is disposed of. */
export class Parameter implements Disposable {
  /** The values. */
  readonly value: Tensor;
  /** Copies of the values in native layouts and element types; dropped by {@linkcode changed}. */
  readonly packed: PackedWeights = new PackedWeights();
  /** Whether weight decay applies. */
  readonly decay: boolean;
  /** Its parameter group: which of a step's learning rates moves it. */
  readonly group: number;
  /** Whether layer-wise rates apply (LARS): to everything but vectors. */
  readonly adapt: boolean;

  /** Takes a copy of the initial values. */
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

  /** To be called after the values changed. */
  changed(): void {
    this.packed.clear();
  }

  /** Frees the values and their copies. */
  [Symbol.dispose](): void {
    this.packed.clear();
    this.value[Symbol.dispose]();
  }
}
