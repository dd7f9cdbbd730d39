/**
 * Scopes: the tensors made inside one are freed at its end.
 *
 * @module
 */

const stack: (Scope | null)[] = [];

/**
 * Everything allocated between a scope's creation and its disposal, and still alive then, is freed with it. Scopes are
 * one stack: one that stays open over an `await` takes what other code allocates meanwhile.
 *
 * @example
 * ```ts
 * import { Device } from "@sluice/sluice/device";
 * import { Scope, Tensor } from "@sluice/sluice/tensor";
 *
 * using device = Device.open({ device: "cpu", threads: 1 });
 * {
 *   using _scope = new Scope();
 *   Tensor.full(device, [1000], 1);
 *   console.log(device.memory().inUse >= 4000); // true
 * }
 * console.log(device.memory().inUse); // 0
 * ```
 */
export class Scope implements Disposable {
  readonly #owned = new Set<Disposable>();

  /** Opens the scope. */
  constructor() {
    stack.push(this);
  }

  /** The innermost open scope, or null where allocations belong to their makers. */
  static get current(): Scope | null {
    return stack.at(-1) ?? null;
  }

  /** Registers a disposable. */
  add(item: Disposable): void {
    this.#owned.add(item);
  }

  /** Forgets a disposable: it was freed earlier, or has another owner now. */
  forget(item: Disposable): void {
    this.#owned.delete(item);
  }

  /** Frees what is left and closes the scope (with any scope left open inside it). */
  [Symbol.dispose](): void {
    for (const item of [...this.#owned]) item[Symbol.dispose]();
    const index = stack.lastIndexOf(this);
    if (index >= 0) stack.length = index;
  }
}

/** Runs `make` outside all scopes: what it allocates belongs to the caller until disposed of. */
export function unscoped<T>(make: () => T): T {
  stack.push(null);
  try {
    return make();
  } finally {
    stack.pop();
  }
}
