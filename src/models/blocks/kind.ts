/**
 * What a kind of residual block is: a table of convolutions.
 *
 * @module
 */
import type { ConvolutionRow } from "../../ops/mod.ts";

/**
 * A kind of residual block. To add one, write a file like basic.ts and name the kind in an architecture: training,
 * gates, gated evaluation, cost and export all follow from the table.
 */
export interface BlockKind {
  /** Names the kind in messages. */
  readonly name: string;
  /**
   * The convolutions in order. Each masked row has a gate, and the last row is never masked. The strides multiply to
   * `stride`, and with a stride of 1 the map keeps its size, since the shortcut does.
   *
   * @param channels width of the stage.
   * @param stride of the whole block.
   */
  table(channels: number, stride: number): readonly ConvolutionRow[];
}

/** A row whose padding keeps the map's size at stride 1; `kernel` is odd. */
export function row(kernel: number, outChannels: number, { stride = 1, masked = false } = {}): ConvolutionRow {
  return { kernel, stride, padding: kernel >> 1, outChannels, masked };
}
