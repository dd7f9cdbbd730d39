/**
 * Scopes, which free at their end the tensors made inside them.
 *
 * @module
 */

const stack: (Scope | null)[] = [];

/**
 * Frees everything that was allocated between its creation and its disposal and is still alive. Scopes form one stack:
 * if a scope stays open over an `await`, it also owns what other code allocates meanwhile.
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

  /** The innermost open scope, or null if new tensors belong to their makers. */
  static get current(): Scope | null {
    return stack.at(-1) ?? null;
  }

  /** Makes the scope the owner of a disposable. */
  add(item: Disposable): void {
    this.#owned.add(item);
  }

  /** Gives up ownership: the disposable was freed earlier, or has another owner now. */
  forget(item: Disposable): void {
    this.#owned.delete(item);
  }

  /** Closes it, together with scopes that were left open inside it, and keeps what it owns until it is disposed of. */
  leave(): void {
    const index = stack.lastIndexOf(this);
    if (index >= 0) stack.length = index;
  }

  /** Frees what it still owns and closes it, together with scopes that were left open inside it. */
  [Symbol.dispose](): void {
    for (const item of [...this.#owned]) item[Symbol.dispose]();
    this.leave();
  }
}

/** Runs `make` outside all scopes: the caller owns what it allocates, and has to dispose of it. */
export function unscoped<T>(make: () => T): T {
  stack.push(null);
  try {
    return make();
  } finally {
    stack.pop();
  }
}
