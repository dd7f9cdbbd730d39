/**
 * Initial weights, each tensor drawn from its own place in the random stream of a run.
 *
 * @module
 */
import { RandomStream, Streams } from "../random/mod.ts";

/** Draws the weights of a network. The n-th tensor depends on the seed and n alone. */
export class Initialiser {
  #drawn = 0;

  /**
   * Starts at the first tensor.
   *
   * @param seed the run's seed, or null for weights of 0, in a network that is measured and never trained.
   * @param use one of `Streams`; weights of different uses are drawn from different random bits.
   */
  constructor(readonly seed: number | null, readonly use: number = Streams.init) {}

  /** The next tensor: `value` draws each element. */
  #draw(count: number, value: (stream: RandomStream) => number): Float32Array<ArrayBuffer> {
    if (this.seed === null) return new Float32Array(count);
    const stream = new RandomStream(this.seed, this.use, this.#drawn++);
    return Float32Array.from({ length: count }, () => value(stream));
  }

  /**
   * Kaiming normal with fan-out and relu gain: deviation sqrt(2 / fanOut). (He et al. 2015)
   *
   * @param count number of values.
   * @param fanOut outputs times kernel area.
   */
  kaimingNormal(count: number, fanOut: number): Float32Array<ArrayBuffer> {
    const deviation = Math.sqrt(2 / fanOut);
    return this.#draw(count, (stream) => stream.normal() * deviation);
  }

  /** Uniform between -1 / sqrt(fanIn) and 1 / sqrt(fanIn), PyTorch's default for linear layers. */
  uniformFanIn(count: number, fanIn: number): Float32Array<ArrayBuffer> {
    const bound = 1 / Math.sqrt(fanIn);
    return this.#draw(count, (stream) => (2 * stream.uniform() - 1) * bound);
  }
}
