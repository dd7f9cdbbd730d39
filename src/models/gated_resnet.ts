/**
 * The residual network that holds a dense and a gated encoder.
 *
 * @module
 */
import type { Device } from "../device/mod.ts";
import { BatchNorm, Conv2d, type Initialiser, Module } from "../nn/mod.ts";
import { cast, globalPool, maxPool } from "../ops/mod.ts";
import { activationType, type Precision, type Tensor, withPrecision } from "../tensor/mod.ts";
import type { ForwardContext, Pass } from "./forward_context.ts";
import type { SampledMask } from "./gate.ts";
import { MisuseError } from "../errors.ts";
import { type BlockOptions, GatedBlock, type Trace } from "./gated_block.ts";
import { Ladder } from "./ladder.ts";
import { placeAmong } from "./norm_knots.ts";
import { blockSpecs, type NetworkSpec, stemSpec } from "./spec.ts";

/** Features of a batch, and the masks of a gated pass. */
export interface Encoding {
  /** [N, F] f32. */
  readonly features: Tensor;
  /** By gate [N, C] f32 of 0 and 1; empty in a dense pass. */
  readonly masks: readonly Tensor[];
  /** In training the masks of the same logits without noise, which have no gradient; empty in evaluation. */
  readonly noiseFree: readonly Tensor[];
}

/** Settings of an evaluation pass. */
export interface EvaluationPass {
  /** By gate [N, C] f32 of 0 and 1, for measurements: the pass uses them instead of the gates' masks. */
  readonly masks?: readonly Tensor[] | undefined;
  /** Watches the blocks' convolutions, for measurements. */
  readonly trace?: Trace | null | undefined;
  /** f32 by default. */
  readonly precision?: Precision | undefined;
}

/** A ResNet without classifier whose blocks may have gates, under torchvision's names. (Krishna et al. 2023) */
export class GatedResNet extends Module {
  readonly #conv: Conv2d;
  readonly #norm: BatchNorm;
  readonly #pool: { kernel: number; stride: number; padding: number } | null;
  readonly #blocks: readonly GatedBlock[];
  readonly #ladder: Ladder | null;

  /** Draws the weights, those of the stem first. */
  constructor(device: Device, initialiser: Initialiser, readonly spec: NetworkSpec, options: BlockOptions) {
    super();
    const { kernel, stride, padding, pool } = stemSpec(spec.stem);
    this.#conv = this.child(
      "conv1",
      new Conv2d(device, initialiser, { inChannels: 3, outChannels: spec.width, kernel, stride, padding }),
    );
    this.#norm = this.child("bn1", new BatchNorm(device, spec.width));
    this.#pool = pool;
    this.#ladder = spec.ladder === undefined ? null : new Ladder(spec);
    const ranks = this.#ladder?.ranks() ?? [];
    this.#blocks = blockSpecs(spec).map((block) => {
      const own = ranks.splice(0, block.gates.length);
      const ladder = spec.ladder && { knots: spec.ladder.length, ranks: own };
      return this.child(block.name, new GatedBlock(device, initialiser, block, options, ladder));
    });
  }

  /** The order of channels of a network that serves every budget; null for others. */
  get ladder(): Ladder | null {
    return this.#ladder;
  }

  /** Takes the running statistics of the gated norms as those of a knot of the ladder. */
  storeKnot(knot: number): void {
    for (const block of this.#blocks) block.storeKnot(knot);
  }

  /**
   * Makes the gated encoder the ladder's network of a cost: opens its channels, and gives the gated norms the running
   * statistics of that cost, between the knots that training has stored.
   *
   * @param cost as a share of the dense network's.
   * @returns how many channels are open.
   * @throws {MisuseError} if the network has no ladder.
   */
  serveCost(cost: number): number {
    if (this.#ladder === null) throw new MisuseError("a network without a ladder has one cost");
    const open = this.#ladder.openFor(cost);
    this.setOpening(open);
    this.restoreNorms(this.#ladder.costAt(open));
    return open;
  }

  /** Gives the gated norms of a ladder the running statistics of a cost, linear between knots. */
  restoreNorms(cost: number): void {
    const place = placeAmong(this.spec.ladder ?? [], cost);
    for (const block of this.#blocks) block.restoreNorms(place);
  }

  /** The number of blocks. */
  get depth(): number {
    return this.#blocks.length;
  }

  /** The opening of the gates, which have the same; null in a ladder, if they have none, or without gates. */
  get opening(): number | null {
    return this.#blocks[0]?.opening ?? null;
  }

  /** Sets the opening of all gates, see {@linkcode Gate.setOpening}; in a ladder, how many channels are open. */
  setOpening(opening: number): void {
    for (const block of this.#blocks) block.setOpening(opening);
  }

  /** Gives the gated norms of all blocks the state of the dense ones, see {@linkcode GatedBlock.copyNorms}. */
  copyNorms(): void {
    for (const block of this.#blocks) block.copyNorms();
  }

  /** Training pass over x [N, H, W, 3], with statistics of the batch and masks that are drawn. */
  forward(context: ForwardContext, x: Tensor): Encoding {
    const { tape, collective } = context;
    const sampled: SampledMask[] = [];
    const convolved = this.#conv.forward(tape, x);
    let h = this.#norm.forward(tape, convolved, { training: true, relu: true, collective });
    if (this.#pool) h = maxPool(tape, h, this.#pool);
    for (const block of this.#blocks) {
      const { y, sampled: own } = block.forward(context, h, sampled.length);
      h = y;
      sampled.push(...own);
    }
    const masks = sampled.map(({ mask }) => mask);
    return { features: globalPool(tape, h), masks, noiseFree: sampled.map(({ noiseFree }) => noiseFree) };
  }

  /**
   * Evaluation pass with running statistics and gates without noise.
   *
   * @param x [N, H, W, 3] f32 or bf16; it is converted to the type of the precision's activations.
   * @returns features and the gates' own masks, which are f32 in every precision; the caller frees them.
   */
  evaluate(pass: Pass, x: Tensor, { masks = [], trace = null, precision = "f32" }: EvaluationPass = {}): Encoding {
    return withPrecision(x.device, precision, () => {
      const type = activationType(precision);
      if (x.dtype === type) return this.#evaluate(pass, x, masks, trace);
      using converted = cast(null, x, type);
      return this.#evaluate(pass, converted, masks, trace);
    });
  }

  #evaluate(pass: Pass, x: Tensor, masks: readonly Tensor[], trace: Trace | null): Encoding {
    const decided: Tensor[] = [];
    let h = this.#evaluateStem(x);
    let pooled: Tensor | null = null;
    for (const block of this.#blocks) {
      const next = block.evaluate(pass, h, pooled, masks.slice(decided.length), trace);
      h[Symbol.dispose]();
      pooled?.[Symbol.dispose]();
      ({ y: h, pooled } = next);
      decided.push(...next.masks);
    }
    const features = pooled ?? globalPool(null, h);
    h[Symbol.dispose]();
    return { features, masks: decided, noiseFree: [] };
  }

  #evaluateStem(x: Tensor): Tensor {
    using convolved = this.#conv.forward(null, x);
    const h = this.#norm.forward(null, convolved, { training: false, relu: true });
    if (this.#pool === null) return h;
    const pooled = maxPool(null, h, this.#pool);
    h[Symbol.dispose]();
    return pooled;
  }
}
