/**
 * Chooses the channels of a slim network.
 *
 * @module
 */
import type { EvaluationImages } from "../data/mod.ts";
import { InvalidInputError } from "../errors.ts";
import {
  gatedMacs,
  type GatedResNet,
  gateSpecs,
  type NetworkCost,
  networkCost,
  type NetworkSpec,
  termShares,
} from "../models/mod.ts";
import { Scope } from "../tensor/mod.ts";
import { sampleBatches, SAMPLED_IMAGES } from "./image_sample.ts";
import { StaticMask } from "./masks.ts";

/** The size of a slim network. */
export interface SlimSize {
  /** The most MACs, as a share of the dense network's. */
  readonly cost: number;
  /**
   * Each convolution keeps a multiple of so many channels, at least one multiple, or all of its channels. ONNX Runtime
   * has fast kernels for multiples of 16 channels on processors with AVX-512, and of 8 on others.
   */
  readonly channelMultiple: number;
}

/** The multiple of a width: 16 where layers are wide enough to keep a few of them, else 4. */
export function defaultMultiple(width: number): number {
  return width < 64 ? 4 : 16;
}

/** How many images of a sample open each channel, by gate [C]. Gates decide in f32. */
export function sampledOpenCounts(encoder: GatedResNet, images: EvaluationImages): readonly Float64Array[] {
  const counts: Float64Array[] = [];
  for (const batch of sampleBatches(images.set.count, SAMPLED_IMAGES)) {
    using _scope = new Scope();
    encoder.evaluate("gated", images.gathered(batch)).masks.forEach((mask, gate) => {
      const channels = mask.dim(1);
      const total = counts[gate] ??= new Float64Array(channels);
      mask.toFloat32().forEach((bit, at) => total[at % channels] = (total[at % channels] ?? 0) + bit);
    });
  }
  return counts;
}

/** Channels of one gate that a slim network keeps or cuts together. */
interface Piece {
  readonly gate: number;
  readonly channels: readonly number[];
  /** How many channels of the gate come before it. */
  readonly before: number;
  /** Mean number of images that open its channels. */
  readonly value: number;
}

/** A gate's channels in pieces of the multiple, those that most images open first. Ties go to the lower channel. */
function piecesOf(counts: Float64Array, gate: number, multiple: number): Piece[] {
  const order = Array.from(counts.keys()).sort((a, b) => (counts[b] ?? 0) - (counts[a] ?? 0) || a - b);
  return Array.from({ length: Math.ceil(order.length / multiple) }, (_, index) => {
    const before = index * multiple;
    const channels = order.slice(before, before + multiple);
    const total = channels.reduce((sum, channel) => sum + (counts[channel] ?? 0), 0);
    return { gate, channels, before, value: total / channels.length };
  });
}

/** MACs of a slim network that keeps so many channels, by gate. */
function slimMacs(cost: NetworkCost, kept: readonly number[], channels: readonly number[]): number {
  const shares = kept.map((count, gate) => count / (channels[gate] ?? 1));
  return gatedMacs(cost, termShares(cost, shares)) - cost.gateMacs;
}

/**
 * Refuses a slim network that is smaller than its parts that are always computed, and one multiple of channels in each
 * convolution that has a gate.
 *
 * @param spec the whole network.
 * @throws {InvalidInputError} with the smallest cost.
 */
export function refuseSmallerSlim(spec: NetworkSpec, { cost, channelMultiple }: SlimSize): void {
  const { macs } = networkCost(spec);
  const kept = gateSpecs(spec).map(({ channels }) => Math.min(channels, channelMultiple));
  const least = networkCost({ ...spec, kept }).macs;
  if (least <= cost * macs * (1 + ROUNDING)) return;
  const smaller = channelMultiple === 1 ? "" : ", or a smaller --channel-multiple";
  throw new InvalidInputError(
    `--cost ${cost}: with ${channelMultiple} channels in each convolution that has a gate, a slim network costs ` +
      `${(Math.ceil(1e4 * least / macs) / 1e4).toFixed(4)}; give that or more${smaller}`,
  );
}

/** Shares whose difference is below this are equal: it is rounding. */
const ROUNDING = 1e-12;

/**
 * The mask of a slim network: over all gates, the channels that most images open, up to the wanted cost. That is the
 * static mask that was worth most of those compared, with the gated norms as they are (`tests/experiments/README.md`).
 *
 * Channels come in pieces of the multiple. Every gate keeps its first piece. The others follow in the order of their
 * mean number of images; a piece that would exceed the cost is passed over, and cheaper ones of other gates may stay.
 * Ties go to the lower gate.
 *
 * @param counts images that open each channel, by gate [C], {@linkcode sampledOpenCounts}.
 * @throws {InvalidInputError} as {@linkcode refuseSmallerSlim}.
 */
export function slimMask(spec: NetworkSpec, counts: readonly Float64Array[], size: SlimSize): StaticMask {
  const network = networkCost(spec);
  const most = size.cost * network.macs * (1 + ROUNDING);
  const channels = counts.map(({ length }) => length);
  const blocks = counts.map(({ length }) => new Uint8Array(length));
  const kept = counts.map(() => 0);
  const keep = ({ gate, channels: own }: Piece) => {
    for (const channel of own) blocks[gate]?.set([1], channel);
  };
  const pieces = counts.map((own, gate) => piecesOf(own, gate, size.channelMultiple));
  for (const [first] of pieces) {
    if (first === undefined) continue;
    keep(first);
    kept[first.gate] = first.channels.length;
  }
  refuseSmallerSlim(spec, size);
  const others = pieces.flatMap((own) => own.slice(1)).sort((a, b) => b.value - a.value || a.gate - b.gate);
  for (const piece of others) {
    const { gate, before } = piece;
    // Behind a piece that was passed over, a smaller last one would leave the gate without a whole multiple.
    if (kept[gate] !== before) continue;
    kept[gate] = before + piece.channels.length;
    if (slimMacs(network, kept, channels) <= most) keep(piece);
    else kept[gate] = before;
  }
  return new StaticMask(blocks);
}
