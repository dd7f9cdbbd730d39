/**
 * Packed weights: reordered copies of one weight tensor, made when first needed.
 *
 * @module
 */
import { type Tensor, unscoped } from "../tensor/mod.ts";

/** Copies of one weight in the layouts that native kernels want; valid until the weight changes. */
export class PackedWeights implements Disposable {
  readonly #copies = new Map<string, Tensor>();

  /** The copy named `key`, made by `make` where there is none. It outlives the scope it was made in. */
  get(key: string, make: () => Tensor): Tensor {
    let copy = this.#copies.get(key);
    if (copy === undefined) {
      copy = unscoped(make);
      this.#copies.set(key, copy);
    }
    return copy;
  }

  /** Frees the copies: to be called whenever the weight has changed. */
  clear(): void {
    for (const copy of this.#copies.values()) copy[Symbol.dispose]();
    this.#copies.clear();
  }

  /** As {@linkcode clear}. */
  [Symbol.dispose](): void {
    this.clear();
  }
}
