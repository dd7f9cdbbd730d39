/**
 * The tape: a record of the operations of one forward computation, from which the backward sweep computes gradients.
 *
 * Lifetimes: an operation's own backward rule is the last to need its output, because every consumer of the output
 * stands later on the tape. When the backward sweep leaves an operation, it frees the output, the output's gradient and
 * the tensors that the operation saved. So memory falls during the sweep.
 *
 * @module
 */
import { MisuseError, ShapeError } from "../errors.ts";
import { Tensor } from "../tensor/mod.ts";

/** Writes a gradient into `target`: overwrites it if `accumulate` is 0, adds to it if it is 1. */
export type GradientWriter = (target: Tensor, accumulate: 0 | 1) => void;

/** Computes the gradients of an operation's inputs from the output's gradient, and gives each to the tape. */
export type BackwardRule = (gradient: Tensor, tape: Tape) => void;

interface Entry {
  readonly output: Tensor;
  readonly saved: readonly Tensor[];
  readonly backward: BackwardRule;
}

/** A tape, or null if no gradients are needed (evaluation). */
export type Recorder = Tape | null;

/** Records operations and computes gradients. One tape serves one backward sweep. */
export class Tape {
  readonly #entries: Entry[] = [];
  readonly #gradients = new Map<Tensor, Tensor>();
  readonly #kept = new Set<Tensor>();

  /**
   * Records an operation.
   *
   * @param output its result, which is marked as requiring a gradient.
   * @param saved the tensors that the rule reads besides inputs and output; the sweep frees them after the rule.
   * @param backward computes the gradients of the inputs.
   */
  record(output: Tensor, saved: readonly Tensor[], backward: BackwardRule): void {
    output.requiresGrad = true;
    this.#entries.push({ output, saved, backward });
  }

  /** Keeps the backward sweep from freeing an output; its scope frees it. */
  keep(tensor: Tensor): void {
    this.#kept.add(tensor);
  }

  /**
   * Adds to the gradient of `input` if it requires one. `write` must honour its `accumulate` argument.
   */
  accumulate(input: Tensor, write: GradientWriter): void {
    if (!input.requiresGrad) return;
    const existing = this.#gradients.get(input);
    if (existing !== undefined) return write(existing, 1);
    const gradient = new Tensor(input.device, input.shape, input.dtype);
    write(gradient, 0);
    this.#gradients.set(input, gradient);
  }

  /** As {@linkcode accumulate}, for a `write` that only overwrites: a second gradient goes through a temporary. */
  add(input: Tensor, write: (target: Tensor) => void): void {
    this.accumulate(input, (target, accumulate) => {
      if (accumulate === 0) return write(target);
      using addend = new Tensor(target.device, target.shape, target.dtype);
      write(addend);
      target.device.kernels.sl_axpby(target.code, target.size, 1, addend.pointer, 1, target.pointer);
    });
  }

  /**
   * Makes a tensor the gradient of `input` if that requires one and has none yet; otherwise adds it, if it is needed,
   * and frees it. The tensor must not change afterwards.
   */
  give(input: Tensor, gradient: Tensor): void {
    const existing = this.#gradients.get(input);
    if (input.requiresGrad && existing === undefined) {
      this.#gradients.set(input, gradient);
      return;
    }
    const { device, code, size, pointer } = gradient;
    if (existing !== undefined) device.kernels.sl_axpby(code, size, 1, pointer, 1, existing.pointer);
    gradient[Symbol.dispose]();
  }

  /**
   * The gradient of a leaf, or of an output that was not freed, after {@linkcode backward}; undefined if it has none.
   */
  gradient(tensor: Tensor): Tensor | undefined {
    return this.#gradients.get(tensor);
  }

  /**
   * Computes the gradients of the sum of all elements of `outputs[i] * seeds[i]`.
   *
   * @param outputs one scalar loss, or several outputs.
   * @param seeds the gradient of each output; ones by default.
   * @throws {MisuseError} if an output does not depend on anything recorded.
   * @throws {ShapeError} if the shape of a seed differs from its output's.
   */
  backward(outputs: Tensor | readonly Tensor[], seeds: readonly Tensor[] = []): void {
    const list = outputs instanceof Tensor ? [outputs] : outputs;
    list.forEach((output, index) => this.#seed(output, seeds[index]));
    while (this.#entries.length > 0) {
      const entry = this.#entries.pop();
      if (entry === undefined) break;
      this.#step(entry);
    }
  }

  #seed(output: Tensor, seed: Tensor | undefined): void {
    if (!output.requiresGrad) throw new MisuseError(`an output of shape [${output.shape}] depends on nothing recorded`);
    if (seed !== undefined && seed.shape.join() !== output.shape.join()) {
      throw new ShapeError(`a seed of shape [${seed.shape}] does not fit an output of shape [${output.shape}]`);
    }
    const { kernels } = output.device;
    this.accumulate(output, (target, accumulate) => {
      using ones = seed === undefined ? Tensor.full(output.device, output.shape, 1, output.dtype) : seed.clone();
      kernels.sl_axpby(target.code, target.size, 1, ones.pointer, accumulate, target.pointer);
    });
  }

  #step({ output, saved, backward }: Entry): void {
    const gradient = this.#gradients.get(output);
    if (gradient !== undefined) backward(gradient, this);
    for (const tensor of saved) tensor[Symbol.dispose]();
    if (this.#kept.has(output)) return;
    output[Symbol.dispose]();
    gradient?.[Symbol.dispose]();
    this.#gradients.delete(output);
  }
}

/** Whether an operation on these inputs has to be recorded: there is a tape, and an input requires a gradient. */
export function needsGradient(tape: Recorder, ...inputs: readonly (Tensor | null | undefined)[]): tape is Tape {
  return tape !== null && inputs.some((input) => input?.requiresGrad === true);
}
