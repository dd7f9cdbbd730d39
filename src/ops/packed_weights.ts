/**
 * Packed weights: copies of a weight tensor in the layouts of native kernels, made when first needed.
 *
 * @module
 */
import { type Tensor, unscoped } from "../tensor/mod.ts";

/** The copies of one weight. They are valid until the weight changes. */
export class PackedWeights implements Disposable {
  readonly #copies = new Map<string, Tensor>();

  /** The copy named `key`; `make` makes it if there is none yet. It outlives the scope in which it was made. */
  get(key: string, make: () => Tensor): Tensor {
    let copy = this.#copies.get(key);
    if (copy === undefined) {
      copy = unscoped(make);
      this.#copies.set(key, copy);
    }
    return copy;
  }

  /** Frees the copies. Call this whenever the weight has changed. */
  clear(): void {
    for (const copy of this.#copies.values()) copy[Symbol.dispose]();
    this.#copies.clear();
  }

  /** Frees the copies, as {@linkcode clear}. */
  [Symbol.dispose](): void {
    this.clear();
  }
}
