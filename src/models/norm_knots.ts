/**
 * The running statistics of a norm at several costs, between which they are interpolated.
 *
 * @module
 */
import type { Device } from "../device/mod.ts";
import { Module } from "../nn/mod.ts";
import type { NormState } from "../ops/mod.ts";
import { Tensor, unscoped } from "../tensor/mod.ts";

/** A place between two knots. */
export interface KnotPlace {
  /** The knot before it, counted from 0. */
  readonly knot: number;
  /** The share of the way to the next knot. */
  readonly share: number;
}

/** The place of a cost among those of the knots, which ascend; the nearest end if it lies outside. */
export function placeAmong(knots: readonly number[], cost: number): KnotPlace {
  const last = knots.length - 1;
  const after = knots.findIndex((knot) => knot > cost);
  if (after <= 0) return { knot: after === 0 ? 0 : last, share: 0 };
  const [from = 0, to = 0] = [knots[after - 1], knots[after]];
  return { knot: after - 1, share: (cost - from) / (to - from) };
}

/** Whether a tensor of a network's state, by its name, belongs to the knots of a ladder. */
export function isKnot(name: string): boolean {
  return /\.knots\d\./.test(name);
}

/** Mean and unbiased variance of a norm's inputs at each knot. */
export class NormKnots extends Module {
  readonly #mean: Tensor;
  readonly #variance: Tensor;

  /** Means of 0 and variances of 1, until they are stored. */
  constructor(device: Device, knots: number, channels: number) {
    super();
    const filled = (value: number) => unscoped(() => Tensor.full(device, [knots, channels], value));
    this.#mean = this.buffer("running_mean", filled(0));
    this.#variance = this.buffer("running_var", filled(1));
  }

  /** Takes a norm's running statistics as those of a knot. */
  store(knot: number, { runningMean, runningVar }: NormState): void {
    for (const [all, own] of [[this.#mean, runningMean], [this.#variance, runningVar]] as const) {
      const values = all.toFloat32();
      values.set(own.toFloat32(), knot * own.size);
      all.write(values);
    }
  }

  /** Gives a norm the running statistics of a place, linear between its two knots. */
  restore({ knot, share }: KnotPlace, { runningMean, runningVar }: NormState): void {
    for (const [all, own] of [[this.#mean, runningMean], [this.#variance, runningVar]] as const) {
      const values = all.toFloat32();
      const row = (index: number) => values.subarray(index * own.size, (index + 1) * own.size);
      const [from, to] = [row(knot), share === 0 ? row(knot) : row(knot + 1)];
      own.write(from.map((value, channel) => value + share * ((to[channel] ?? value) - value)));
    }
  }
}
