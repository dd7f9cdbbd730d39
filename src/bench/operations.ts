/**
 * The speed of single operations.
 *
 * @module
 */
import { Tape } from "../autograd/mod.ts";
import type { Device } from "../device/mod.ts";
import { dtypeBytes, Scope, Tensor } from "../tensor/mod.ts";
import { callOperation, drawCotangent, markDifferentiable, uploadInputs } from "../selftest/case_values.ts";
import { bandwidthAt, type DeviceCeilings, deviceCeilings, type MatrixType } from "./ceilings.ts";
import type { OperationBenchmark, Work } from "../selftest/operation_case.ts";
import { operationBenchmarks } from "../selftest/operation_cases.ts";
import { fastestMilliseconds } from "./stopwatch.ts";

/** One row of `sluice bench ops`. */
export interface BenchmarkRow {
  /** The operation. */
  readonly operation: string;
  /** The benchmark's label, with ", backward" where the backward sweep was measured. */
  readonly case: string;
  /** Time of the fastest call. */
  readonly milliseconds: number;
  /** Thousand million floating-point operations a second; null where the work counts none. */
  readonly gflops: number | null;
  /** Thousand million bytes a second, of those that must move at least; null where the work counts none. */
  readonly gbPerSecond: number | null;
  /**
   * The time of the floor over the time measured, at most about 1; the floor is the slower of moving the bytes and computing, at
   * the device's ceilings. An algorithm with fewer operations than the definition's, Winograd's for one, may pass 1.
   */
  readonly shareOfFloor: number;
}

/** What one row is about, besides its speed. */
interface Measured {
  readonly suffix: string;
  readonly work: Work;
  /** Bytes touched. */
  readonly workingSet: number;
  readonly milliseconds: number;
}

/** Element type of the matrix operands. */
function matrixTypeOf(inputs: Readonly<Record<string, Tensor>>): MatrixType {
  return Object.values(inputs).some(({ dtype }) => dtype === "bf16") ? "bf16" : "f32";
}

function toRow(
  { operation, label }: OperationBenchmark,
  { suffix, work, workingSet, milliseconds }: Measured,
  type: MatrixType,
  ceilings: DeviceCeilings,
): BenchmarkRow {
  const moving = work.bytes / bandwidthAt(ceilings, workingSet);
  const computing = work.flops / (ceilings.flopsPerSecond[type] ?? Infinity);
  return {
    operation,
    case: label + suffix,
    milliseconds,
    gflops: work.flops > 0 ? work.flops / milliseconds / 1e6 : null,
    gbPerSecond: work.bytes > 0 ? work.bytes / milliseconds / 1e6 : null,
    shareOfFloor: 1e3 * Math.max(moving, computing) / milliseconds,
  };
}

/** Bytes of some tensors together. */
function bytesOf(tensors: readonly Tensor[]): number {
  return tensors.reduce((sum, { size, dtype }) => sum + size * dtypeBytes(dtype), 0);
}

/** Measures one benchmark, forward and, where it has such work, backward. */
export function measureBenchmark(
  device: Device,
  benchmark: OperationBenchmark,
  ceilings: DeviceCeilings,
): BenchmarkRow[] {
  using _scope = new Scope();
  const inputs = uploadInputs(device, benchmark);
  const type = matrixTypeOf(inputs);
  const free = (outputs: readonly Tensor[]) => outputs.forEach((output) => output[Symbol.dispose]());
  let outputs: readonly Tensor[] = [];
  const forward = fastestMilliseconds(device, () => {
    free(outputs);
    return () => {
      outputs = callOperation(device, benchmark, null, inputs);
    };
  });
  const workingSet = bytesOf([...Object.values(inputs), ...outputs]);
  const measured = { suffix: "", work: benchmark.forward, workingSet, milliseconds: forward };
  const rows = [toRow(benchmark, measured, type, ceilings)];
  if (benchmark.backward === undefined) return rows;
  const leaves = markDifferentiable(benchmark, inputs);
  const seeds = outputs.map((output, index) => {
    return Tensor.from(device, drawCotangent(benchmark, index, output.shape, output.dtype), output.shape);
  });
  free(outputs);
  let tape = new Tape();
  const backward = fastestMilliseconds(device, () => {
    for (const { tensor } of leaves) tape.gradient(tensor)?.[Symbol.dispose]();
    tape = new Tape();
    const recorded = callOperation(device, benchmark, tape, inputs);
    return () => tape.backward(recorded, seeds);
  });
  // Outputs' gradients are as large as the outputs, inputs' gradients as the inputs.
  const swept = {
    suffix: ", backward",
    work: benchmark.backward,
    workingSet: workingSet + bytesOf(leaves.map(({ tensor }) => tensor)),
    milliseconds: backward,
  };
  return [...rows, toRow(benchmark, swept, type, ceilings)];
}

/** The speed of every operation, and what it is compared with. */
export interface OperationsBenchmark {
  /** What the device does at best. */
  readonly ceilings: DeviceCeilings;
  /** Every benchmark, forward and backward. */
  readonly rows: readonly BenchmarkRow[];
}

/**
 * Measures the device's ceilings, then every benchmark on it.
 *
 * @param progress called with every row as it is measured.
 */
export function benchOperations(device: Device, progress?: (row: BenchmarkRow) => void): OperationsBenchmark {
  const ceilings = deviceCeilings(device);
  const rows = operationBenchmarks.flatMap((benchmark) => {
    const measured = measureBenchmark(device, benchmark, ceilings);
    for (const row of measured) progress?.(row);
    return measured;
  });
  return { ceilings, rows };
}
