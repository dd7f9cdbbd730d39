/**
 * The case object: one operation at one shape, from which tests, gradient checks, fixtures, benchmark rows and
 * `doctor --ops` all follow.
 *
 * To add an operation, `frob` in src/ops/frob.ts:
 *
 * 1. Write src/selftest/frob_cases.ts with `export const frobCases: readonly OperationCase[]`, each made by
 *    {@linkcode operationCase}. `inputs` names the tensors and says how their values are drawn (case_inputs.ts); the same
 *    case always draws the same values. `run` calls the operation. `reference` computes the same in float64 by plain
 *    loops, from the definition and not from our code. `differentiable` names the inputs whose gradients are compared
 *    with finite differences of the reference.
 * 2. Take several small shapes, edges among them: batch 1, one channel, odd sizes, all-zero masks. Where the operation has
 *    a kink (relu, maximum), draw inputs that keep away from it by far more than the step of the differences, 1e-5.
 * 3. Where PyTorch has the operation, set `fixture: true` and add it to tests/peer/operation_fixtures.py.
 * 4. If training spends time in it, export `frobBenchmarks` with shapes of a real network.
 * 5. Add both lists to operation_cases.ts. A test fails while an operation of src/ops has no case.
 *
 * @module
 */
import type { Recorder } from "../autograd/mod.ts";
import type { Device } from "../device/mod.ts";
import type { Tensor } from "../tensor/mod.ts";
import type { CaseInput } from "./case_inputs.ts";

/** What a case's operation is called with besides tensors, as JSON: the peer computes the same from it. */
export type Attributes = Readonly<Record<string, number | boolean | string | readonly number[] | readonly boolean[]>>;

/** An operation on named inputs, ready to run. */
export interface OperationRun<Name extends string = string> {
  /** The name of the operation's file in src/ops, without `.ts`. */
  readonly operation: string;
  /** What distinguishes this case, for people. */
  readonly label: string;
  /** The inputs by name. */
  readonly inputs: Readonly<Record<Name, CaseInput>>;
  /** The inputs that get gradients; none by default. */
  readonly differentiable?: readonly NoInfer<Name>[];
  /** Calls the operation. May write to its inputs, which are uploaded anew for every call. */
  run(device: Device, tape: Recorder, inputs: Readonly<Record<NoInfer<Name>, Tensor>>): Tensor | readonly Tensor[];
}

/** A tolerance of its own, with the reason for it. */
export interface Tolerance {
  /** The largest normalised mean squared error allowed. */
  readonly error: number;
  /** Why the default is not right here. */
  readonly reason: string;
}

/** An operation that is checked against a reference. */
export interface OperationCase<Name extends string = string> extends OperationRun<Name> {
  /** What the operation is called with besides tensors; none by default. */
  readonly attributes?: Attributes;
  /** The outputs, in float64, of inputs given in float64; inputs may not be written to. */
  reference(values: Readonly<Record<NoInfer<Name>, Float64Array>>): readonly Float64Array[];
  /** What is differentiated where `reference` is a step function: the smooth function whose derivative stands for its. */
  smooth?(values: Readonly<Record<NoInfer<Name>, Float64Array>>): readonly Float64Array[];
  /** Replaces the default tolerance, for values and gradients. */
  readonly tolerance?: Tolerance;
  /** The case multiplies matrices of bf16, which not every device can. */
  readonly needsBf16?: boolean;
  /** Outputs and gradients of PyTorch are stored for this case. */
  readonly fixture?: boolean;
}

/** The work of one call. */
export interface Work {
  /** Floating-point operations (a multiply-accumulate counts two). */
  readonly flops: number;
  /** Bytes that must be read and written at least. */
  readonly bytes: number;
}

/** An operation whose speed is measured. */
export interface OperationBenchmark<Name extends string = string> extends OperationRun<Name> {
  /** Work of the forward call. */
  readonly forward: Work;
  /** Work of the backward sweep, where it is measured too. */
  readonly backward?: Work;
}

/** A case, its `run` and `reference` typed by the names of its inputs. */
export function operationCase<Name extends string>(definition: OperationCase<Name>): OperationCase {
  return definition;
}

/** A benchmark, its `run` typed by the names of its inputs. */
export function operationBenchmark<Name extends string>(definition: OperationBenchmark<Name>): OperationBenchmark {
  return definition;
}

/** The name of a case: unique, and the key of its fixtures. */
export function caseName({ operation, label }: OperationRun): string {
  return `${operation}: ${label}`;
}
