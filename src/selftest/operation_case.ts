/**
 * The case object: one operation at one shape. Tests, gradient checks, fixtures, benchmark rows and `doctor --ops` all
 * run from it.
 *
 * To add an operation, `frob` in src/ops/frob.ts:
 *
 * 1. Write src/selftest/frob_cases.ts with `export const frobCases: readonly OperationCase[]`, each made by
 *    {@linkcode operationCase}. `inputs` names the tensors and draws their values (case_inputs.ts); the same case
 *    always draws the same values. `run` calls the operation. `reference` computes the outputs in float64 by plain
 *    loops, from the definition and not from our code. `differentiable` names the inputs whose gradients are compared
 *    with finite differences of the reference.
 * 2. Choose several small shapes with edge cases: batch 1, one channel, odd sizes, all-zero masks. If the operation has
 *    a kink (relu, maximum), draw inputs that keep away from it by far more than the step of the differences, 1e-5.
 * 3. If PyTorch has the operation, set `fixture: true` and add it to tests/peer/operation_fixtures.py.
 * 4. If training spends time in it, export `frobBenchmarks` with shapes of a real network.
 * 5. Add both lists to operation_cases.ts. A test fails as long as an operation of src/ops has no case.
 *
 * @module
 */
import type { Recorder } from "../autograd/mod.ts";
import type { Device } from "../device/mod.ts";
import type { Tensor } from "../tensor/mod.ts";
import type { CaseInput } from "./case_inputs.ts";

/** The operation's arguments besides tensors, as JSON, so that the PyTorch peer can compute the same. */
export type Attributes = Readonly<Record<string, number | boolean | string | readonly number[] | readonly boolean[]>>;

/** An operation with named inputs. */
export interface OperationRun<Name extends string = string> {
  /** The name of the operation's file in src/ops, without `.ts`. */
  readonly operation: string;
  /** What distinguishes this case from the operation's other cases, for people. */
  readonly label: string;
  /** The inputs by name. */
  readonly inputs: Readonly<Record<Name, CaseInput>>;
  /** The inputs that require gradients; none by default. */
  readonly differentiable?: readonly NoInfer<Name>[];
  /** Calls the operation. It may write to the inputs, which are uploaded again for every call. */
  run(device: Device, tape: Recorder, inputs: Readonly<Record<NoInfer<Name>, Tensor>>): Tensor | readonly Tensor[];
}

/** A tolerance other than the default, with its reason. */
export interface Tolerance {
  /** The largest normalised mean squared error allowed. */
  readonly error: number;
  /** Why the default does not apply. */
  readonly reason: string;
}

/** An operation that is checked against a reference. */
export interface OperationCase<Name extends string = string> extends OperationRun<Name> {
  /** The operation's arguments besides tensors; none by default. */
  readonly attributes?: Attributes;
  /** Computes the outputs in float64 from inputs in float64. It must not write to the inputs. */
  reference(values: Readonly<Record<NoInfer<Name>, Float64Array>>): readonly Float64Array[];
  /** If `reference` is a step function: the smooth function whose derivative the operation uses as its gradient. */
  smooth?(values: Readonly<Record<NoInfer<Name>, Float64Array>>): readonly Float64Array[];
  /** Replaces the default tolerance, for values and gradients. */
  readonly tolerance?: Tolerance;
  /** Whether the case multiplies bf16 matrices, which not every device can do. */
  readonly needsBf16?: boolean;
  /** Whether PyTorch's outputs and gradients are stored for this case. */
  readonly fixture?: boolean;
}

/** The least work of a call. */
export interface Work {
  /** Floating-point operations (a multiply-accumulate counts two). */
  readonly flops: number;
  /** Bytes that must be read and written. */
  readonly bytes: number;
}

/** An operation whose speed `sluice bench ops` measures. */
export interface OperationBenchmark<Name extends string = string> extends OperationRun<Name> {
  /** Work of the forward call. */
  readonly forward: Work;
  /** Work of the backward sweep; it is measured if this is given. */
  readonly backward?: Work;
}

/** A case whose `run` and `reference` are typed by the names of its inputs. */
export function operationCase<Name extends string>(definition: OperationCase<Name>): OperationCase {
  return definition;
}

/** A benchmark whose `run` is typed by the names of its inputs. */
export function operationBenchmark<Name extends string>(definition: OperationBenchmark<Name>): OperationBenchmark {
  return definition;
}

/** The unique name of a case, which is also the key of its fixtures. */
export function caseName({ operation, label }: OperationRun): string {
  return `${operation}: ${label}`;
}
