/**
 * Initial weights, each tensor drawn from its own place in the random stream of a run.
 *
 * @module
 */
import { RandomStream, Streams } from "../random/mod.ts";

/** Draws the weights of a network: the n-th tensor asked for depends on the seed and n alone. */
export class Initialiser {
  #drawn = 0;

  /** For the weights of one network.
   *
   * @param seed that of the run.
   * @param use one of `Streams`: weights of different uses share no bits.
   */
  constructor(readonly seed: number, readonly use: number = Streams.init) {}

  #stream(): RandomStream {
    return new RandomStream(this.seed, this.use, this.#drawn++);
  }

  /**
   * Kaiming normal with fan-out and relu gain: deviation sqrt(2 / fanOut). (He et al. 2015)
   *
   * @param count number of values.
   * @param fanOut connections leaving one input: outputs times kernel area.
   */
  kaimingNormal(count: number, fanOut: number): Float32Array<ArrayBuffer> {
    const stream = this.#stream();
    const deviation = Math.sqrt(2 / fanOut);
    return Float32Array.from({ length: count }, () => stream.normal() * deviation);
  }

  /** Uniform in +-1 / sqrt(fanIn), PyTorch's default for linear layers. */
  uniformFanIn(count: number, fanIn: number): Float32Array<ArrayBuffer> {
    const stream = this.#stream();
    const bound = 1 / Math.sqrt(fanIn);
    return Float32Array.from({ length: count }, () => (2 * stream.uniform() - 1) * bound);
  }
}
