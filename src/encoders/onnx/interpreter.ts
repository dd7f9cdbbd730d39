/**
 * Runs the graphs of exported networks on this library's own operations.
 *
 * It knows the operators that exported networks consist of, and no others. Maps are stored as [N, H, W, C], whatever
 * ONNX's [N, C, H, W] says.
 *
 * @module
 */
import type { Device } from "../../device/mod.ts";
import { FormatError, type OnnxModel, type OnnxNode } from "../../formats/mod.ts";
import { PackedWeights } from "../../ops/mod.ts";
import { Scope, type Tensor } from "../../tensor/mod.ts";
import { type Operands, operators } from "./operators.ts";
import type { Value } from "./values.ts";

/** Watches the nodes of a graph: called before each with the values of its inputs; constants come as null. */
export type NodeObserver = (node: OnnxNode, inputs: readonly (Value | null)[]) => void;

/** Forgets a value, and frees its tensor unless another value has the same one. */
function free(values: Map<string, Value>, name: string, images: Tensor): void {
  const tensor = values.get(name)?.tensor;
  values.delete(name);
  if (tensor === undefined || tensor === images) return;
  if ([...values.values()].every((other) => other.tensor !== tensor)) tensor[Symbol.dispose]();
}

/** A model that is ready to run. */
export class Interpreter implements Disposable {
  readonly #model: OnnxModel;
  readonly #device: Device;
  /** What nodes made of their constants, by the node's name. */
  readonly #copies = new Map<string, PackedWeights>();

  /** Checks that every operator is known, and that every value is computed before it is read. */
  constructor(device: Device, model: OnnxModel) {
    this.#device = device;
    this.#model = model;
    const known = new Set([...model.initialisers.keys(), ...model.inputs.map(({ name }) => name)]);
    for (const { op, name, inputs, outputs } of model.nodes) {
      if (!(op in operators)) throw new FormatError(`ONNX: ${name} is ${op}, which networks of sluice do not have`);
      const missing = inputs.find((input) => !known.has(input));
      if (missing !== undefined) throw new FormatError(`ONNX: ${name} reads ${missing}, which nothing computes`);
      for (const output of outputs) known.add(output);
    }
  }

  /**
   * Runs the graph.
   *
   * @param images [N, H, W, 3] in f32, normalised, or in u8, whatever the graph takes.
   * @returns the output [N, F] f32, row by row.
   * @throws {FormatError} if a node does not fit its inputs.
   */
  run(images: Tensor, observe: NodeObserver = () => {}): Float32Array<ArrayBuffer> {
    const { nodes, inputs: [input], outputs: [output] } = this.#model;
    if (input === undefined || output === undefined) throw new FormatError("ONNX: has no input, or no output");
    using _scope = new Scope();
    const layout = input.dtype === "u8" ? "plain" : "map";
    const values = new Map<string, Value>([[input.name, { tensor: images, layout }]]);
    const lastUses = new Map(nodes.flatMap(({ inputs }, place) => inputs.map((name) => [name, place])));
    nodes.forEach((node, place) => {
      observe(node, node.inputs.map((name) => values.get(name) ?? null));
      const [name = ""] = node.outputs;
      values.set(name, this.#apply(node, values));
      for (const used of node.inputs.filter((own) => lastUses.get(own) === place)) free(values, used, images);
    });
    const result = values.get(output.name);
    if (result === undefined) throw new FormatError(`ONNX: nothing computes the output ${output.name}`);
    return result.tensor.toFloat32();
  }

  /** Frees the constants. */
  [Symbol.dispose](): void {
    for (const copies of this.#copies.values()) copies[Symbol.dispose]();
    this.#copies.clear();
  }

  #apply(node: OnnxNode, values: ReadonlyMap<string, Value>): Value {
    const operator = operators[node.op];
    if (operator === undefined) throw new FormatError(`ONNX: ${node.op} is unknown`);
    const { initialisers } = this.#model;
    const operands: Operands = {
      device: this.#device,
      node,
      count: node.inputs.length,
      value: (place) => {
        const value = values.get(node.inputs[place] ?? "");
        if (value === undefined) throw new FormatError(`ONNX: ${node.name} needs a value as input ${place}`);
        return value;
      },
      constant: (place) => {
        const tensor = initialisers.get(node.inputs[place] ?? "");
        if (tensor === undefined) throw new FormatError(`ONNX: ${node.name} needs a constant as input ${place}`);
        return tensor;
      },
      isConstant: (place) => initialisers.has(node.inputs[place] ?? ""),
      copies: this.#copiesOf(node),
    };
    return operator(operands);
  }

  #copiesOf({ name }: OnnxNode): PackedWeights {
    const copies = this.#copies.get(name) ?? new PackedWeights();
    this.#copies.set(name, copies);
    return copies;
  }
}
