/**
 * Speed of single operations.
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
import { fastestMilliseconds } from "../device/stopwatch.ts";

/** One row of `sluice bench ops`. */
export interface BenchmarkRow {
  /** The operation. */
  readonly operation: string;
  /** Label of the benchmark, followed by ", backward" for the backward sweep. */
  readonly case: string;
  /** Time of the fastest call. */
  readonly milliseconds: number;
  /** 10^9 floating-point operations per second; null for work without such operations. */
  readonly gflops: number | null;
  /** 10^9 bytes per second, counting the bytes that must move at least; null for work that moves none. */
  readonly gbPerSecond: number | null;
  /**
   * Least possible time over measured time, at most about 1. The least time is that of moving the bytes or of
   * computing, whichever is longer, at the device's ceilings. An algorithm with fewer operations than the definition,
   * such as Winograd's, may exceed 1.
   */
  readonly shareOfFloor: number;
}

/** One measurement. */
interface Measured {
  readonly suffix: string;
  readonly work: Work;
  /** Size of the working set in bytes. */
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

/** Total size of tensors in bytes. */
function bytesOf(tensors: readonly Tensor[]): number {
  return tensors.reduce((sum, { size, dtype }) => sum + size * dtypeBytes(dtype), 0);
}

/** Measures one benchmark, forward and, if it has a backward sweep, backward. */
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
  // The gradients of outputs and inputs are as large as outputs and inputs.
  const swept = {
    suffix: ", backward",
    work: benchmark.backward,
    workingSet: workingSet + bytesOf(leaves.map(({ tensor }) => tensor)),
    milliseconds: backward,
  };
  return [...rows, toRow(benchmark, swept, type, ceilings)];
}

/** Speed of every operation, and the ceilings of the device. */
export interface OperationsBenchmark {
  /** The best speeds of the device. */
  readonly ceilings: DeviceCeilings;
  /** Every benchmark, forward and backward. */
  readonly rows: readonly BenchmarkRow[];
}

/**
 * Measures the device's ceilings, then every benchmark on it.
 *
 * @param progress called with every row once it is measured.
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
