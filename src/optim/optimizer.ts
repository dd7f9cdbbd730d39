/**
 * What optimisers share: the tables of addresses for one native call over all tensors.
 *
 * @module
 */
import type { Tape } from "../autograd/mod.ts";
import { addressOf, type Device } from "../device/mod.ts";
import { MisuseError } from "../errors.ts";
import type { Parameter } from "../nn/mod.ts";
import type { LarsTables } from "../ops/mod.ts";
import { Tensor, unscoped } from "../tensor/mod.ts";

/** Settings of an optimiser with momentum. */
export interface MomentumOptions {
  /** 0.9 by default. */
  readonly momentum?: number;
  /** Applied to parameters that decay; 0 by default. */
  readonly weightDecay?: number;
}

/** An optimiser with momentum over a fixed list of parameters. */
export abstract class Optimizer implements Disposable {
  /** Momentum. */
  protected readonly momentum: number;
  readonly #velocities: readonly Tensor[];
  readonly #tables: LarsTables;

  /** Starts with velocities of 0, which outlive the scope that is open. */
  constructor(
    protected readonly device: Device,
    readonly parameters: ReadonlyMap<string, Parameter>,
    options: MomentumOptions = {},
  ) {
    const list = [...parameters.values()];
    this.momentum = options.momentum ?? 0.9;
    this.#velocities = unscoped(() => list.map(({ value }) => Tensor.full(device, value.shape, 0)));
    this.#tables = {
      parameters: BigUint64Array.from(list, ({ value }) => addressOf(value.pointer)),
      gradients: new BigUint64Array(list.length),
      velocities: BigUint64Array.from(this.#velocities, (velocity) => addressOf(velocity.pointer)),
      sizes: BigInt64Array.from(list, ({ value }) => BigInt(value.size)),
      rates: new Float32Array(list.length),
      weightDecays: Float32Array.from(list, ({ decay }) => (decay ? options.weightDecay ?? 0 : 0)),
      adapt: Int32Array.from(list, ({ adapt }) => Number(adapt)),
    };
  }

  /** Moves all parameters by one operation. */
  protected abstract update(tables: LarsTables): void;

  /**
   * One step along the gradients on a tape. Parameters without a gradient stay as they are.
   *
   * @param rates the learning rate of each parameter group, or one rate for all groups.
   * @throws {MisuseError} if no parameter has a gradient, or a parameter's group has no rate.
   */
  step(tape: Tape, rates: number | readonly number[]): void {
    const tables = this.#tables;
    let index = 0;
    let found = 0;
    for (const parameter of this.parameters.values()) {
      const gradient = tape.gradient(parameter.value);
      tables.gradients[index] = gradient ? addressOf(gradient.pointer) : 0n;
      tables.sizes[index] = gradient ? BigInt(parameter.value.size) : 0n;
      const rate = typeof rates === "number" ? rates : rates[parameter.group];
      if (rate === undefined) {
        throw new MisuseError(`optimiser step: group ${parameter.group} has no learning rate; give one for each group`);
      }
      tables.rates[index] = rate;
      if (gradient) found++;
      index++;
    }
    if (found === 0) {
      throw new MisuseError("optimiser step: no parameter has a gradient; run the tape's backward sweep first");
    }
    this.update(tables);
    for (const parameter of this.parameters.values()) parameter.changed();
  }

  /** The velocity of each parameter, by the parameter's name. A checkpoint needs nothing else of an optimiser. */
  *buffers(prefix = ""): Generator<[name: string, velocity: Tensor]> {
    const names = [...this.parameters.keys()];
    for (const [index, velocity] of this.#velocities.entries()) yield [`${prefix}${names[index]}`, velocity];
  }

  /** Frees the velocities. */
  [Symbol.dispose](): void {
    for (const velocity of this.#velocities) velocity[Symbol.dispose]();
  }
}
