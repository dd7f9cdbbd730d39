/**
 * The speed of single operations.
 *
 * @module
 */
import { Tape } from "../autograd/mod.ts";
import type { Device } from "../device/mod.ts";
import { Scope, Tensor } from "../tensor/mod.ts";
import { callOperation, drawCotangent, markDifferentiable, uploadInputs } from "./case_values.ts";
import { fastestMilliseconds } from "./harness.ts";
import type { OperationBenchmark, Work } from "./operation_case.ts";
import { operationBenchmarks } from "./operation_cases.ts";

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
  /** The time of the floor over the time measured; the floor is the slower of moving the bytes and computing. */
  readonly shareOfFloor: number;
}

/** What this device does at best, measured. */
export interface DeviceRates {
  /** Bytes a second of a large copy, read and written both counted. */
  readonly bytesPerSecond: number;
  /** Floating-point operations a second of a large f32 matrix product. */
  readonly flopsPerSecond: number;
}

/** Measures the rates that floors are computed from: a copy of 64 MiB and a matrix product of 1,024 cubed. */
export function deviceRates(device: Device): DeviceRates {
  using _scope = new Scope();
  const { kernels } = device;
  const count = 1 << 24;
  const source = Tensor.full(device, [count], 1);
  const target = Tensor.full(device, [count], 0);
  const copy = () => kernels.sl_copy(null, target.pointer, source.pointer, count * 4);
  const size = 1024;
  const [a, b, c] = [0, 1, 2].map(() => Tensor.full(device, [size, size], 1));
  if (!a || !b || !c) throw new TypeError("three matrices were made");
  const multiply = () => kernels.sl_matmul(0, 0, size, size, size, 0, 0, 1, a.pointer, b.pointer, 0, c.pointer, null);
  return {
    bytesPerSecond: (count * 8 * 1e3) / fastestMilliseconds(device, () => copy),
    flopsPerSecond: (2 * size ** 3 * 1e3) / fastestMilliseconds(device, () => multiply),
  };
}

function row(benchmark: OperationBenchmark, suffix: string, work: Work, milliseconds: number, rates: DeviceRates) {
  const floor = 1e3 * Math.max(work.bytes / rates.bytesPerSecond, work.flops / rates.flopsPerSecond);
  return {
    operation: benchmark.operation,
    case: benchmark.label + suffix,
    milliseconds,
    gflops: work.flops > 0 ? work.flops / milliseconds / 1e6 : null,
    gbPerSecond: work.bytes > 0 ? work.bytes / milliseconds / 1e6 : null,
    shareOfFloor: floor / milliseconds,
  };
}

/** Measures one benchmark, forward and, where it has such work, backward. */
export function measureBenchmark(device: Device, benchmark: OperationBenchmark, rates: DeviceRates): BenchmarkRow[] {
  using _scope = new Scope();
  const inputs = uploadInputs(device, benchmark);
  const free = (outputs: readonly Tensor[]) => outputs.forEach((output) => output[Symbol.dispose]());
  let outputs: readonly Tensor[] = [];
  const forward = fastestMilliseconds(device, () => {
    free(outputs);
    return () => {
      outputs = callOperation(device, benchmark, null, inputs);
    };
  });
  const rows = [row(benchmark, "", benchmark.forward, forward, rates)];
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
  return [...rows, row(benchmark, ", backward", benchmark.backward, backward, rates)];
}

/**
 * Measures every benchmark on a device.
 *
 * @param progress called with every row as it is measured.
 */
export function benchOperations(device: Device, progress?: (row: BenchmarkRow) => void): BenchmarkRow[] {
  const rates = deviceRates(device);
  return operationBenchmarks.flatMap((benchmark) => {
    const rows = measureBenchmark(device, benchmark, rates);
    for (const measured of rows) progress?.(measured);
    return rows;
  });
}
