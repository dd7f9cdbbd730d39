/**
 * Builds the graph of an ONNX model node by node.
 *
 * @module
 */
import type { OnnxAttribute, OnnxNode, OnnxTensor } from "../../formats/mod.ts";

/** The nodes and constants of a graph that grows. Nodes are named after the value that they compute. */
export class GraphBuilder {
  readonly #nodes: OnnxNode[] = [];
  readonly #initialisers = new Map<string, OnnxTensor>();

  /** The nodes in the order in which they were added. */
  get nodes(): readonly OnnxNode[] {
    return this.#nodes;
  }

  /** The constants by name. */
  get initialisers(): ReadonlyMap<string, OnnxTensor> {
    return this.#initialisers;
  }

  /** Adds a constant, or puts it in the place of one of that name. @returns its name. */
  constant(name: string, tensor: OnnxTensor): string {
    this.#initialisers.set(name, tensor);
    return name;
  }

  /** Adds a constant of f32 values. @returns its name. */
  floats(name: string, shape: readonly number[], values: Iterable<number>): string {
    return this.constant(name, { dtype: "f32", shape, data: Float32Array.from(values) });
  }

  /**
   * Adds a node with one output.
   *
   * @param output name of the value that it computes.
   * @returns that name.
   */
  node(
    op: string,
    inputs: readonly string[],
    output: string,
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
  ): string {
    this.#nodes.push({ op, name: output, inputs, outputs: [output], attributes });
    return output;
  }
}
