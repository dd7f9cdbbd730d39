/**
 * Operands of a step at addresses that stay the same, for a step that is recorded and repeated.
 *
 * @module
 */
import { MisuseError } from "../errors.ts";
import type { GateNoise } from "../models/mod.ts";
import { Tensor, unscoped } from "../tensor/mod.ts";
import type { StepOperands } from "./step_operands.ts";

/** Shapes of the numbers that gates draw, by pass and by the gate's place in the network. */
export type Draws = Map<number, Map<number, readonly number[]>>;

/** The same operands, which write the shapes of what is drawn to `draws`. */
export function notingDraws(operands: StepOperands, draws: Draws): StepOperands {
  const noise = (pass: number): GateNoise => {
    const { uniform, setting } = operands.noise(pass);
    const shapes = new Map<number, readonly number[]>();
    draws.set(pass, shapes);
    return {
      setting,
      uniform: (gate, shape) => {
        shapes.set(gate, shape);
        return uniform(gate, shape);
      },
    };
  };
  return { ...operands, noise };
}

/** The noise of a pass at fixed addresses. */
interface FixedNoise {
  readonly setting: Tensor;
  readonly uniform: ReadonlyMap<number, Tensor>;
}

/** Room for the operands of any step of one kind. */
export class FixedOperands implements StepOperands, Disposable {
  /** The views, [N, H, W, 3] each. */
  readonly views: StepOperands["views"];
  /** The quarter turns, or null. */
  readonly turns: StepOperands["turns"];
  /** The price of cost. */
  readonly price: StepOperands["price"];
  readonly #noise: ReadonlyMap<number, FixedNoise>;
  readonly #owned: DisposableStack;

  /** Makes room for operands like these, with the draws of their step. No scope owns it. */
  constructor({ views: [first, second], turns, price, noise }: StepOperands, draws: Draws) {
    using owned = new DisposableStack();
    const room = (shape: readonly number[], dtype: Tensor["dtype"] = "f32") =>
      owned.use(unscoped(() => new Tensor(first.device, shape, dtype)));
    const like = ({ shape, dtype }: Tensor) => room(shape, dtype);
    this.views = [like(first), like(second)];
    this.turns = turns && like(turns);
    this.price = { multiplier: like(price.multiplier), ofTarget: like(price.ofTarget) };
    this.#noise = new Map(Array.from(draws, ([pass, shapes]) => {
      const uniform = new Map(Array.from(shapes, ([gate, shape]) => [gate, room(shape)]));
      return [pass, { setting: like(noise(pass).setting), uniform }];
    }));
    this.#owned = owned.move();
  }

  /** The noise of a pass. @throws {MisuseError} if nothing was drawn in this place when the draws were noted. */
  noise(pass: number): GateNoise {
    const fixed = this.#noise.get(pass);
    if (fixed === undefined) throw new MisuseError(`there is no room for the noise of pass ${pass}`);
    const uniform = (gate: number) => {
      const tensor = fixed.uniform.get(gate);
      if (tensor === undefined) throw new MisuseError(`pass ${pass}: there is no room for the noise of gate ${gate}`);
      return tensor;
    };
    return { setting: fixed.setting, uniform };
  }

  /** Takes the contents of a step's operands. */
  set({ views: [first, second], turns, price, noise }: StepOperands): void {
    this.views[0].copyFrom(first);
    this.views[1].copyFrom(second);
    if (turns !== null) this.turns?.copyFrom(turns);
    this.price.multiplier.copyFrom(price.multiplier);
    this.price.ofTarget.copyFrom(price.ofTarget);
    for (const [pass, { setting, uniform }] of this.#noise) {
      const source = noise(pass);
      setting.copyFrom(source.setting);
      for (const [gate, tensor] of uniform) {
        using drawn = source.uniform(gate, tensor.shape);
        tensor.copyFrom(drawn);
      }
    }
  }

  /** Frees the room. */
  [Symbol.dispose](): void {
    this.#owned[Symbol.dispose]();
  }
}
