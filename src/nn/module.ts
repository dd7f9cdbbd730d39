/**
 * Modules: trees of parameters, buffers and submodules under PyTorch's names.
 *
 * @module
 */
import { ShapeError } from "../errors.ts";
import type { Tensor } from "../tensor/mod.ts";
import type { Parameter } from "./parameter.ts";

/** A part of a network: owns parameters (trained), buffers (running statistics) and submodules. */
export abstract class Module implements Disposable {
  readonly #parameters = new Map<string, Parameter>();
  readonly #buffers = new Map<string, Tensor>();
  readonly #children = new Map<string, Module>();

  /** Registers a parameter, which this module then frees. */
  protected parameter(name: string, parameter: Parameter): Parameter {
    this.#parameters.set(name, parameter);
    return parameter;
  }

  /** Registers a buffer: a tensor that is saved with the state but not trained. */
  protected buffer(name: string, tensor: Tensor): Tensor {
    this.#buffers.set(name, tensor);
    return tensor;
  }

  /** Registers a submodule, which this module then frees. */
  protected child<T extends Module>(name: string, module: T): T {
    this.#children.set(name, module);
    return module;
  }

  /** Every parameter below this module with its dotted name, in order of registration. */
  *parameters(prefix = ""): Generator<[name: string, parameter: Parameter]> {
    for (const [name, parameter] of this.#parameters) yield [prefix + name, parameter];
    for (const [name, child] of this.#children) yield* child.parameters(`${prefix}${name}.`);
  }

  /** Every buffer below this module with its dotted name, in order of registration. */
  *buffers(prefix = ""): Generator<[name: string, buffer: Tensor]> {
    for (const [name, buffer] of this.#buffers) yield [prefix + name, buffer];
    for (const [name, child] of this.#children) yield* child.buffers(`${prefix}${name}.`);
  }

  /** Parameters' values and buffers by name, as checkpoints hold them. */
  state(): Map<string, Tensor> {
    const state = new Map<string, Tensor>(this.buffers());
    for (const [name, parameter] of this.parameters()) state.set(name, parameter.value);
    return state;
  }

  /**
   * Overwrites the state.
   *
   * @param values f32 values of every name of {@linkcode state}, in this library's layouts.
   * @throws {ShapeError} if names are missing or unknown, or sizes differ; it names the first three, and nothing
   * changes.
   */
  loadState(values: ReadonlyMap<string, Float32Array<ArrayBuffer>>): void {
    const state = this.state();
    const missing = [...state.keys()].filter((name) => !values.has(name));
    const unknown = [...values.keys()].filter((name) => !state.has(name));
    const misfits = [...state].filter(([name, tensor]) => (values.get(name)?.length ?? tensor.size) !== tensor.size);
    const complaints = [
      ...missing.map((name) => `${name} is missing`),
      ...unknown.map((name) => `${name} is unknown`),
      ...misfits.map(([name, tensor]) => `${name} holds ${values.get(name)?.length} values, not ${tensor.size}`),
    ];
    if (complaints.length > 0) {
      const more = complaints.length > 3 ? `, and ${complaints.length - 3} more` : "";
      throw new ShapeError(`the state does not fit the network: ${complaints.slice(0, 3).join(", ")}${more}`);
    }
    for (const [name, tensor] of state) tensor.write(values.get(name) ?? new Float32Array());
    for (const [, parameter] of this.parameters()) parameter.changed();
  }

  /** Frees the packed copies of the weights. They are made again when an operation needs them. */
  freeCopies(): void {
    for (const [, parameter] of this.parameters()) parameter.packed.clear();
  }

  /** Frees parameters, buffers and submodules. */
  [Symbol.dispose](): void {
    for (const parameter of this.#parameters.values()) parameter[Symbol.dispose]();
    for (const buffer of this.#buffers.values()) buffer[Symbol.dispose]();
    for (const child of this.#children.values()) child[Symbol.dispose]();
  }
}
