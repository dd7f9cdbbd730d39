/**
 * The residual block of any kind, shared by the dense and the gated encoder.
 *
 * @module
 */
import type { Device } from "../device/mod.ts";
import { MisuseError } from "../errors.ts";
import { BatchNorm, Conv2d, type Initialiser, Module } from "../nn/mod.ts";
import {
  type ConvolutionOperands,
  gatedConvolutions,
  globalPool,
  maskedConvolutions,
  type NormState,
} from "../ops/mod.ts";
import type { Tensor } from "../tensor/mod.ts";
import type { ForwardContext, Pass } from "./forward_context.ts";
import { type BlockGate, Gate, type GateOptions, type SampledMask } from "./gate.ts";
import { LadderGate } from "./ladder_gate.ts";
import { type KnotPlace, NormKnots } from "./norm_knots.ts";
import { type BlockSpec, byConvolution, type GateSpec } from "./spec.ts";

/** How blocks are built, besides their shared weights. */
export interface BlockOptions extends GateOptions {
  /** Whether there are gates; a network without gates computes dense passes only. */
  readonly gated: boolean;
  /** Whether each pass has its own norms behind the block's convolutions. */
  readonly separateNorm: boolean;
  /** Whether the scale of each block's last norm is 0 at first, in the norms of both passes; false by default. */
  readonly zeroInitResidual?: boolean;
}

/** A block's part in a ladder. */
export interface BlockLadder {
  /** How many costs have norms of their own. */
  readonly knots: number;
  /** The place of each channel in the network's order, by gate of the block [C]. */
  readonly ranks: readonly Float32Array<ArrayBuffer>[];
}

/** A convolution of a block, as an evaluation pass has computed it. */
export interface TracedRow {
  /**
   * [N, H, W, O] f32 or bf16: relu(norm(convolution)) * mask, or the block's output if the convolution is the last.
   * Valid until the visit returns.
   */
  readonly output: Tensor;
  /** The norm behind the convolution. */
  readonly norm: NormState;
  /** Whether a gate masks the output. */
  readonly masked: boolean;
  /** Weight of the convolution that reads the output, OHWI; null behind the block's last convolution. */
  readonly next: Tensor | null;
}

/** Watches the convolutions of an evaluation pass, which then computes every channel, open or closed. */
export interface Trace {
  /**
   * Whether the norms behind the blocks' convolutions use the statistics of the batch, which replace their running
   * statistics: the mean and the unbiased variance. Norms of stem, shortcuts and gates keep theirs. Defaults to false.
   */
  readonly batchStatistics?: boolean;
  /** Called after each convolution of each block, in order. */
  visit(row: TracedRow): void;
}

/** A convolution and the norm behind it. */
interface Layer {
  readonly conv: Conv2d;
  readonly norm: BatchNorm;
}

function operandsOf({ conv: { weight }, norm: { norm } }: Layer): ConvolutionOperands {
  return { weight: weight.value, packed: weight.packed, norm };
}

/**
 * Convolutions in the order of the block's table, each with its norm: h = relu(bn(conv(h))) * mask, and
 * y = relu(bn(conv(h)) + shortcut(x)) in the last one. A mask stands behind each masked convolution; all gates read x.
 */
export class GatedBlock extends Module {
  /** The convolutions in order, with the norms of each pass. */
  readonly #layers: Record<Pass, readonly Layer[]>;
  /** The same as operations take them, without masks. */
  readonly #operands: Record<Pass, readonly ConvolutionOperands[]>;
  readonly #shortcut: Layer | null;
  readonly #gates: readonly BlockGate[] | null;
  /** By convolution, the statistics of the gated norm at each knot; empty if the block is no part of a ladder. */
  readonly #knots: readonly NormKnots[];

  /**
   * Builds the block. Its names are torchvision's, besides `gated_bn1`, ..., `gate`, or `gate1`, `gate2`, ..., and in a
   * ladder `knots1`, ...
   */
  constructor(
    device: Device,
    initialiser: Initialiser,
    readonly spec: BlockSpec,
    options: BlockOptions,
    ladder: BlockLadder | null = null,
  ) {
    super();
    const { inChannels, outChannels, stride, projects, convolutions, gates } = spec;
    const dense = convolutions.map((of, index) => ({
      conv: this.child(`conv${index + 1}`, new Conv2d(device, initialiser, of)),
      norm: this.child(`bn${index + 1}`, new BatchNorm(device, of.outChannels)),
    }));
    const gated = options.gated && options.separateNorm
      ? dense.map(({ conv }, index) => {
        return { conv, norm: this.child(`gated_bn${index + 1}`, new BatchNorm(device, conv.options.outChannels)) };
      })
      : dense;
    if (options.zeroInitResidual) {
      for (const layers of [dense, gated]) layers.at(-1)?.norm.weight.value.fill(0);
    }
    this.#layers = { dense, gated };
    this.#operands = { dense: dense.map(operandsOf), gated: gated.map(operandsOf) };
    const projection = { kernel: 1, stride, padding: 0, inChannels, outChannels };
    this.#shortcut = projects
      ? {
        conv: this.child("downsample.0", new Conv2d(device, initialiser, projection)),
        norm: this.child("downsample.1", new BatchNorm(device, outChannels)),
      }
      : null;
    const gateOf = (gate: GateSpec, index: number) => {
      return ladder === null
        ? new Gate(device, initialiser, gate, options)
        : new LadderGate(device, ladder.ranks[index] ?? new Float32Array(gate.channels));
    };
    this.#gates = options.gated ? gates.map((gate, index) => this.child(gate.name, gateOf(gate, index))) : null;
    this.#knots = ladder === null || !options.gated ? [] : convolutions.map(({ outChannels: channels }, index) => {
      return this.child(`knots${index + 1}`, new NormKnots(device, ladder.knots, channels));
    });
  }

  /** Takes the running statistics of the gated norms as those of a knot. */
  storeKnot(knot: number): void {
    this.#knots.forEach((knots, index) => {
      const layer = this.#layers.gated[index];
      if (layer) knots.store(knot, layer.norm.norm);
    });
  }

  /** Gives the gated norms the running statistics of a place between knots. */
  restoreNorms(place: KnotPlace): void {
    this.#knots.forEach((knots, index) => {
      const layer = this.#layers.gated[index];
      if (layer) knots.restore(place, layer.norm.norm);
    });
  }

  /** The opening of the block's gates; null if they have none, or the block has no gates. */
  get opening(): number | null {
    return this.#gates?.[0]?.opening ?? null;
  }

  /** Sets the opening of the block's gates, see {@linkcode Gate.setOpening}. */
  setOpening(opening: number): void {
    for (const gate of this.#gatesOrThrow()) gate.setOpening(opening);
  }

  /**
   * Gives the gated norms the state of the dense norms: scale, shift and running statistics. Both passes are then equal
   * while all gates are open. Nothing changes if they share their norms.
   */
  copyNorms(): void {
    const { dense, gated } = this.#layers;
    gated.forEach(({ norm }, index) => {
      const source = dense[index]?.norm ?? norm;
      norm.loadState(new Map([...source.state()].map(([name, tensor]) => [name, tensor.toFloat32()])));
    });
  }

  #gatesOrThrow(): readonly BlockGate[] {
    if (this.#gates === null) throw new MisuseError(`${this.spec.name} has no gate: the network was built dense`);
    return this.#gates;
  }

  /**
   * Training.
   *
   * @param x [N, H, W, I].
   * @param firstGate place of the block's first gate in the network.
   * @returns the output [N, H', W', O], and the masks [N, C] by gate; a dense pass has no masks.
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
    const masks = byConvolution(this.spec, sampled);
    const options = { training: true, collective };
    const layers = this.#layers[pass];
    let h = x;
    let residual = x;
    layers.forEach(({ conv, norm }, index) => {
      const isLast = index === layers.length - 1;
      if (isLast && this.#shortcut) {
        residual = this.#shortcut.norm.forward(tape, this.#shortcut.conv.forward(tape, x), options);
      }
      const follows = isLast ? { residual } : { mask: masks[index]?.mask };
      h = norm.forward(tape, conv.forward(tape, h), { ...options, relu: true, ...follows });
    });
    return { y: h, sampled };
  }

  /**
   * Evaluation with running statistics and gates without noise. The cost of the gated pass follows the open channels,
   * on devices with kernels for the block's table.
   *
   * @param x [N, H, W, I], f32 or bf16.
   * @param pooled [N, I] f32, the mean of x over its pixels, which gates read; null if it is not known yet.
   * @param overrides masks [N, C] by gate, for measurements. They replace the gates' masks, which are computed anyway.
   * @param trace watches the convolutions, for measurements.
   * @returns the output, and in a gated pass the gates' own masks and perhaps the output's mean over its pixels; the
   * caller frees all of them.
   */
  evaluate(
    pass: Pass,
    x: Tensor,
    pooled: Tensor | null,
    overrides: readonly Tensor[] = [],
    trace: Trace | null = null,
  ): { y: Tensor; masks: readonly Tensor[]; pooled: Tensor | null } {
    const shortcut = this.#evaluateShortcut(x);
    const residual = shortcut ?? x;
    const { convolutions } = this.spec;
    try {
      if (pass === "dense") {
        const { dense } = this.#operands;
        const y = trace
          ? this.#traced(pass, x, dense, residual, trace)
          : maskedConvolutions(x, convolutions, dense, residual);
        return { y, masks: [], pooled: null };
      }
      const masks = this.#decide(x, pooled);
      const operands = this.#maskedOperands(masks.map((mask, index) => overrides[index] ?? mask));
      if (trace) return { y: this.#traced(pass, x, operands, residual, trace), masks, pooled: null };
      return { ...gatedConvolutions(x, convolutions, operands, residual), masks };
    } finally {
      shortcut?.[Symbol.dispose]();
    }
  }

  /** The masks of all gates for the mean of x, which is computed if it is null. */
  #decide(x: Tensor, pooled: Tensor | null): Tensor[] {
    if (pooled === null) {
      using own = globalPool(null, x);
      return this.#decide(x, own);
    }
    return this.#gatesOrThrow().map((gate) => gate.decide(pooled));
  }

  #traced(
    pass: Pass,
    x: Tensor,
    operands: readonly ConvolutionOperands[],
    residual: Tensor,
    trace: Trace,
  ): Tensor {
    const { convolutions } = this.spec;
    const layers = this.#layers[pass];
    const { batchStatistics: training = false } = trace;
    // With a momentum of 1 the batch's statistics replace the running ones.
    const used = training ? operands.map((of) => ({ ...of, norm: { ...of.norm, momentum: 1 } })) : operands;
    const observe = (index: number, output: Tensor) => {
      const [layer, next] = [layers[index], layers[index + 1]];
      if (layer === undefined) return;
      const masked = convolutions[index]?.masked ?? false;
      trace.visit({ output, norm: layer.norm.norm, masked, next: next?.conv.weight.value ?? null });
    };
    return maskedConvolutions(x, convolutions, used, residual, { training, observe });
  }

  #evaluateShortcut(x: Tensor): Tensor | null {
    if (this.#shortcut === null) return null;
    using convolved = this.#shortcut.conv.forward(null, x);
    return this.#shortcut.norm.forward(null, convolved, { training: false });
  }

  /** @param byGate masks [N, C]. */
  #maskedOperands(byGate: readonly Tensor[]): ConvolutionOperands[] {
    const masks = byConvolution(this.spec, byGate);
    return this.#operands.gated.map(({ weight, packed, norm }, index) => ({
      weight,
      packed,
      norm,
      mask: masks[index],
    }));
  }
}
