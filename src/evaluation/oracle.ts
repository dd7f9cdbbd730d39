/**
 * Masks by activations instead of gates: what an ideal choice of channels for each image would be worth.
 *
 * The score of a channel for an image is s = |a|_2 |W|_F. a holds the channel's activations relu(norm(convolution)) at
 * all pixels, W the weights by which the next convolution reads the channel. A mask opens the channels whose score per
 * MAC reaches one threshold for all images and gates. Nothing is trained. If one mask for all images does as well as
 * these masks, no gate can do better in this network.
 *
 * @module
 */
import type { EvaluationImages } from "../data/mod.ts";
import {
  gatedMacs,
  type GatedResNet,
  type NetworkCost,
  termShares,
  type Trace,
  type TracedRow,
} from "../models/mod.ts";
import { binary, cast, gateThreshold, globalPool, scale, sum, unary } from "../ops/mod.ts";
import { type Precision, Scope, type Tensor } from "../tensor/mod.ts";
import { sampleBatches } from "./image_sample.ts";
import { StaticMask } from "./masks.ts";

/** Scores per MAC of one gate's channels over a sample of images. */
export interface GateScores {
  /** Number of channels. */
  readonly channels: number;
  /** [images, C], row by row. */
  readonly values: Float32Array;
}

/** Scores the gated channels of a batch in a traced pass with every channel open. */
export class ChannelScorer implements Trace {
  readonly #prices: readonly number[];
  #scores: Tensor[] = [];

  /**
   * Begins with the first gate.
   *
   * @param prices MACs of one open channel, by gate, {@linkcode rankingPrices}.
   */
  constructor(prices: readonly number[]) {
    this.#prices = prices;
  }

  /** Scores the channels of a masked convolution; the open scope owns the scores. */
  visit({ output, masked, next }: TracedRow): void {
    if (!masked || next === null) return;
    const pixels = output.dim(1) * output.dim(2);
    const price = this.#prices[this.#scores.length] ?? 1;
    const activations = output.dtype === "f32" ? output : cast(null, output, "f32");
    const squares = scale(null, globalPool(null, unary(null, "square", activations)), pixels / price ** 2);
    const weights = sum(null, unary(null, "square", next), "rows");
    this.#scores.push(unary(null, "sqrt", binary(null, "multiply", squares, weights, "row")));
  }

  /** The scores per MAC of the last pass by gate, [N, C] f32; the next pass begins anew. */
  take(): readonly Tensor[] {
    const scores = this.#scores;
    this.#scores = [];
    return scores;
  }

  /** Masks of 0 and 1, by gate [N, C], that open the channels whose score per MAC reaches the threshold. */
  takeMasks(threshold: number): readonly Tensor[] {
    return this.take().map((scores) => gateThreshold(scale(null, scores, 1, -threshold)));
  }
}

/** Scores a sample of training images, {@linkcode sampleBatches}, with every channel open. */
export function sampleScores(
  network: GatedResNet,
  images: EvaluationImages,
  scorer: ChannelScorer,
  precision: Precision = "f32",
): GateScores[] {
  const open = StaticMask.allOpen(network.spec);
  const parts = open.blocks.map((): Float32Array[] => []);
  for (const batch of sampleBatches(images.set.count)) {
    using _scope = new Scope();
    const x = images.gathered(batch);
    const masks = open.rows(images.device, 0, x.dim(0));
    network.evaluate("gated", x, { masks, trace: scorer, precision });
    scorer.take().forEach((scores, gate) => parts[gate]?.push(scores.toFloat32()));
  }
  return parts.map((gate, index) => {
    const values = new Float32Array(gate.reduce((total, { length }) => total + length, 0));
    let filled = 0;
    for (const part of gate) {
      values.set(part, filled);
      filled += part.length;
    }
    return { channels: open.blocks[index]?.length ?? 0, values };
  });
}

/** Mean score per MAC of each channel over the sample, by gate [C]. */
export function meanScores(scores: readonly GateScores[]): Float64Array[] {
  return scores.map(({ channels, values }) => {
    const means = new Float64Array(channels);
    const images = values.length / channels;
    values.forEach((value, at) => means[at % channels] = (means[at % channels] ?? 0) + value / images);
    return means;
  });
}

/** Mean MACs of one image, gates included, if each image opens the channels whose score reaches the threshold. */
function macsAt(threshold: number, scores: readonly GateScores[], cost: NetworkCost): number {
  const images = (scores[0]?.values.length ?? 0) / (scores[0]?.channels ?? 1);
  const shares = new Float64Array(scores.length);
  let total = 0;
  for (let image = 0; image < images; image++) {
    scores.forEach(({ channels, values }, gate) => {
      let open = 0;
      for (let at = image * channels; at < (image + 1) * channels; at++) open += Number((values[at] ?? 0) >= threshold);
      shares[gate] = open / channels;
    });
    total += gatedMacs(cost, termShares(cost, [...shares]));
  }
  return total / images;
}

/** The f32 of the given bits. As unsigned integers the bits of positive numbers have the order of the numbers. */
function floatOf(bits: number): number {
  return new Float32Array(Uint32Array.of(bits).buffer)[0] ?? 0;
}

/** Bits of the f32 infinity. */
const INFINITY_BITS = 0x7f800000;

/**
 * The threshold of scores per MAC at which the masks of a sample cost `macs` on average: the f32 whose cost is nearest,
 * the larger of two that are equally near.
 *
 * @param macs wanted mean MACs of one image, gates included.
 * @returns 0 if the masks may open every channel, infinity if they must open none.
 */
export function scoreThreshold(scores: readonly GateScores[], cost: NetworkCost, macs: number): number {
  let [low, high] = [0, INFINITY_BITS];
  let [dear, cheap] = [macsAt(0, scores, cost), macsAt(Infinity, scores, cost)];
  if (dear <= macs) return 0;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    const spent = macsAt(floatOf(middle), scores, cost);
    if (spent >= macs) [low, dear] = [middle, spent];
    else [high, cheap] = [middle, spent];
  }
  return dear - macs < macs - cheap ? floatOf(low) : floatOf(high);
}
