/**
 * The residual block, basic or bottleneck, that serves the dense and the gated encoder.
 *
 * @module
 */
import type { Device } from "../device/mod.ts";
import { MisuseError, ShapeError } from "../errors.ts";
import { BatchNorm, Conv2d, type Initialiser, Module } from "../nn/mod.ts";
import { gatedBlock, gatedBottleneck, globalPool } from "../ops/mod.ts";
import type { Tensor } from "../tensor/mod.ts";
import type { ForwardContext, Pass } from "./forward_context.ts";
import { Gate, type SampledMask } from "./gate.ts";
import type { BlockSpec, ConvolutionSpec } from "./spec.ts";

/** What a block has besides its shared weights. */
export interface BlockOptions {
  /** Whether there are gates: not in a network that is only ever dense. */
  readonly gated: boolean;
  /** Whether the norms behind the block's convolutions exist once for each pass. */
  readonly separateNorm: boolean;
  /** Initial value of biases of the gates' logits; null or left out: they have none. */
  readonly gateBias?: number | null;
}

/** A convolution and the norm behind it. */
interface Layer {
  readonly conv: Conv2d;
  readonly norm: BatchNorm;
}

/**
 * Convolutions in a row, each with its norm: h = relu(bn(conv(h))) * mask but for the last, and y = relu(bn(conv(h)) + shortcut(x)).
 *
 * There is one mask of a basic block, and one behind either of a bottleneck's first two convolutions; all are decided on x.
 */
export class GatedBlock extends Module {
  /** The convolutions in order, with the norms of each pass. */
  readonly #layers: Record<Pass, readonly Layer[]>;
  readonly #shortcut: Layer | null;
  readonly #gates: readonly Gate[] | null;

  /** Builds the block; its names are torchvision's, plus `gated_bn1` and so on, and `gate`, of two `gate1` and `gate2`. */
  constructor(device: Device, initialiser: Initialiser, readonly spec: BlockSpec, options: BlockOptions) {
    super();
    const { inChannels, outChannels, stride, projects, convolutions, gates } = spec;
    const convolution = (of: ConvolutionSpec) => new Conv2d(device, initialiser, { ...of, padding: of.kernel >> 1 });
    const dense = convolutions.map((of, index) => ({
      conv: this.child(`conv${index + 1}`, convolution(of)),
      norm: this.child(`bn${index + 1}`, new BatchNorm(device, of.outChannels)),
    }));
    const gated = options.gated && options.separateNorm
      ? dense.map(({ conv }, index) => {
        return { conv, norm: this.child(`gated_bn${index + 1}`, new BatchNorm(device, conv.options.outChannels)) };
      })
      : dense;
    this.#layers = { dense, gated };
    this.#shortcut = projects
      ? {
        conv: this.child("downsample.0", convolution({ kernel: 1, stride, inChannels, outChannels })),
        norm: this.child("downsample.1", new BatchNorm(device, outChannels)),
      }
      : null;
    this.#gates = options.gated
      ? gates.map((gate) => this.child(gate.name, new Gate(device, initialiser, gate, options.gateBias)))
      : null;
  }

  #gatesOrThrow(): readonly Gate[] {
    if (this.#gates === null) throw new MisuseError(`${this.spec.name} has no gate: the network was built dense`);
    return this.#gates;
  }

  /**
   * Training.
   *
   * @param x [N, H, W, I].
   * @param firstGate place of the block's first gate among the network's.
   * @returns the output [N, H', W', O], and in a gated pass the masks [N, C] by gate; none in a dense one.
   */
  forward(
    context: ForwardContext,
    x: Tensor,
    firstGate: number,
  ): { y: Tensor; sampled: readonly SampledMask[] } {
    const { tape, pass, collective } = context;
    const sampled = pass === "gated"
      ? this.#gatesOrThrow().map((gate, index) => gate.sample(context, x, firstGate + index))
      : [];
    const options = { training: true, collective };
    const layers = this.#layers[pass];
    let h = x;
    let residual = x;
    layers.forEach(({ conv, norm }, index) => {
      const isLast = index === layers.length - 1;
      if (isLast && this.#shortcut) {
        residual = this.#shortcut.norm.forward(tape, this.#shortcut.conv.forward(tape, x), options);
      }
      const follows = isLast ? { residual } : { mask: sampled[index]?.mask };
      h = norm.forward(tape, conv.forward(tape, h), { ...options, relu: true, ...follows });
    });
    return { y: h, sampled };
  }

  /**
   * Evaluation: running statistics, gates without noise, and only open channels computed in the gated pass.
   *
   * @param overrides masks [N, C] by gate used instead of the gates' decisions, which are computed all the same (for measurements).
   * @returns the output, and the gates' own masks in a gated pass; all are the caller's to free.
   */
  evaluate(pass: Pass, x: Tensor, overrides: readonly Tensor[] = []): { y: Tensor; masks: readonly Tensor[] } {
    const shortcut = this.#evaluateShortcut(x);
    const residual = shortcut ?? x;
    try {
      if (pass === "dense") return { y: this.#computeAll(x, residual), masks: [] };
      using pooled = globalPool(null, x);
      const decided = this.#gatesOrThrow().map((gate) => gate.decide(pooled));
      const masks = decided.map((mask, index) => overrides[index] ?? mask);
      return { y: this.#computeOpen(x, masks, residual), masks: decided };
    } finally {
      shortcut?.[Symbol.dispose]();
    }
  }

  #evaluateShortcut(x: Tensor): Tensor | null {
    if (this.#shortcut === null) return null;
    using convolved = this.#shortcut.conv.forward(null, x);
    return this.#shortcut.norm.forward(null, convolved, { training: false });
  }

  #computeAll(x: Tensor, residual: Tensor): Tensor {
    const layers = this.#layers.dense;
    return layers.reduce((h, { conv, norm }, index) => {
      using convolved = conv.forward(null, h);
      if (h !== x) h[Symbol.dispose]();
      const follows = index === layers.length - 1 ? { residual } : {};
      return norm.forward(null, convolved, { training: false, relu: true, ...follows });
    }, x);
  }

  /** @param masks [N, C] by gate. */
  #computeOpen(x: Tensor, masks: readonly Tensor[], residual: Tensor): Tensor {
    const [first, second, third] = this.#layers.gated;
    const [mask, secondMask] = masks;
    if (!first || !second || !mask) throw new ShapeError(`${this.spec.name}: a block has two convolutions or three`);
    const weights = {
      weight1: first.conv.weight.value,
      norm1: first.norm.norm,
      packed1: first.conv.weight.packed,
      weight2: second.conv.weight.value,
      norm2: second.norm.norm,
      packed2: second.conv.weight.packed,
    };
    if (!third || !secondMask) return gatedBlock(x, mask, weights, residual, this.spec.stride);
    const more = { weight3: third.conv.weight.value, norm3: third.norm.norm, packed3: third.conv.weight.packed };
    return gatedBottleneck(x, [mask, secondMask], { ...weights, ...more }, residual, this.spec.stride);
  }
}
