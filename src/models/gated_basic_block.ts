/**
 * The residual basic block that serves the dense and the gated encoder.
 *
 * @module
 */
import type { Device } from "../device/mod.ts";
import { ShapeError } from "../errors.ts";
import { BatchNorm, Conv2d, type Initialiser, Module } from "../nn/mod.ts";
import { gatedBlock } from "../ops/mod.ts";
import type { Tensor } from "../tensor/mod.ts";
import type { ForwardContext, Pass } from "./forward_context.ts";
import { Gate, type SampledMask } from "./gate.ts";
import type { BlockSpec } from "./spec.ts";

/** What a block has besides its shared weights. */
export interface BlockOptions {
  /** Whether there is a gate: not in a network that is only ever dense. */
  readonly gated: boolean;
  /** Whether bn1 and bn2 exist once for each pass. */
  readonly separateNorm: boolean;
  /** Initial value of biases of the gates' logits; null or left out: they have none. */
  readonly gateBias?: number | null;
}

/** h = relu(bn1(conv1(x))) * mask; y = relu(bn2(conv2(h)) + shortcut(x)). */
export class GatedBasicBlock extends Module {
  readonly #conv1: Conv2d;
  readonly #conv2: Conv2d;
  readonly #norms: Record<Pass, readonly [BatchNorm, BatchNorm]>;
  readonly #shortcut: { conv: Conv2d; norm: BatchNorm } | null;
  readonly #gate: Gate | null;

  /** Builds the block; its names are torchvision's, plus `gated_bn1`, `gated_bn2` and `gate`. */
  constructor(device: Device, initialiser: Initialiser, readonly spec: BlockSpec, options: BlockOptions) {
    super();
    const { inChannels, channels, stride } = spec;
    const conv = (inputs: number, kernel: number, step: number) =>
      new Conv2d(device, initialiser, {
        inChannels: inputs,
        outChannels: channels,
        kernel,
        stride: step,
        padding: kernel >> 1,
      });
    const norm = () => new BatchNorm(device, channels);
    this.#conv1 = this.child("conv1", conv(inChannels, 3, stride));
    const bn1 = this.child("bn1", norm());
    this.#conv2 = this.child("conv2", conv(channels, 3, 1));
    const bn2 = this.child("bn2", norm());
    const separate = options.gated && options.separateNorm;
    const gated: [BatchNorm, BatchNorm] = separate
      ? [this.child("gated_bn1", norm()), this.child("gated_bn2", norm())]
      : [bn1, bn2];
    this.#norms = { dense: [bn1, bn2], gated };
    this.#shortcut = spec.projects ? this.#buildShortcut(conv(inChannels, 1, stride), norm()) : null;
    this.#gate = options.gated ? this.child("gate", new Gate(device, initialiser, spec, options.gateBias)) : null;
  }

  #buildShortcut(conv: Conv2d, norm: BatchNorm): { conv: Conv2d; norm: BatchNorm } {
    return { conv: this.child("downsample.0", conv), norm: this.child("downsample.1", norm) };
  }

  #gateOrThrow(): Gate {
    if (this.#gate === null) throw new ShapeError(`${this.spec.name} has no gate: the network was built dense`);
    return this.#gate;
  }

  /**
   * Training.
   *
   * @param x [N, H, W, I].
   * @param index the block's index.
   * @returns the output [N, H', W', C], and the masks [N, C] in a gated pass.
   */
  forward(context: ForwardContext, x: Tensor, index: number): { y: Tensor; sampled: SampledMask | null } {
    const { tape, pass, collective } = context;
    const [norm1, norm2] = this.#norms[pass];
    const sampled = pass === "gated" ? this.#gateOrThrow().sample(context, x, index) : null;
    const options = { training: true, collective };
    const convolved = this.#conv1.forward(tape, x);
    const h = norm1.forward(tape, convolved, { ...options, relu: true, mask: sampled?.mask });
    const residual = this.#shortcut
      ? this.#shortcut.norm.forward(tape, this.#shortcut.conv.forward(tape, x), options)
      : x;
    const y = norm2.forward(tape, this.#conv2.forward(tape, h), { ...options, relu: true, residual });
    return { y, sampled };
  }

  /**
   * Evaluation: running statistics, gates without noise, and only open channels computed in the gated pass.
   *
   * @param override a mask [N, C] used instead of the gate's decision, which is computed all the same (for measurements).
   * @returns the output, and the gate's own mask in a gated pass; both are the caller's to free.
   */
  evaluate(pass: Pass, x: Tensor, override?: Tensor): { y: Tensor; mask: Tensor | null } {
    const shortcut = this.#evaluateShortcut(x);
    const residual = shortcut ?? x;
    const [norm1, norm2] = this.#norms[pass];
    const running = { training: false, relu: true };
    try {
      if (pass === "gated") {
        const decided = this.#gateOrThrow().decide(x);
        const mask = override ?? decided;
        const weights = {
          weight1: this.#conv1.weight.value,
          norm1: norm1.norm,
          weight2: this.#conv2.weight.value,
          norm2: norm2.norm,
          packed1: this.#conv1.weight.packed,
          packed2: this.#conv2.weight.packed,
        };
        return { y: gatedBlock(x, mask, weights, residual, this.spec.stride), mask: decided };
      }
      using convolved = this.#conv1.forward(null, x);
      using h = norm1.forward(null, convolved, running);
      using convolvedAgain = this.#conv2.forward(null, h);
      return { y: norm2.forward(null, convolvedAgain, { ...running, residual }), mask: null };
    } finally {
      shortcut?.[Symbol.dispose]();
    }
  }

  #evaluateShortcut(x: Tensor): Tensor | null {
    if (this.#shortcut === null) return null;
    using convolved = this.#shortcut.conv.forward(null, x);
    return this.#shortcut.norm.forward(null, convolved, { training: false });
  }
}
