/**
 * Measures the best speeds of a device: the ceilings that other speeds are compared with.
 *
 * @module
 */
import type { Device } from "../device/mod.ts";
import { axisCodes, unaryCodes } from "../ops/mod.ts";
import { type DType, dtypeBytes, dtypeCode, Scope, Tensor } from "../tensor/mod.ts";
import { fastestMilliseconds } from "../device/stopwatch.ts";

/** Element types of matrix operands. */
export type MatrixType = Extract<DType, "f32" | "bf16">;

/** The rate of reading and writing memory, for a working set of some size. */
export interface Bandwidth {
  /** Size of the working set in bytes; the work touches it again and again. */
  readonly workingSet: number;
  /** Bytes read plus bytes written per second. */
  readonly bytesPerSecond: number;
}

/** The best speeds of a device. */
export interface DeviceCeilings {
  /** Sorted by working set, smallest first. A set that fits a cache is faster. */
  readonly bandwidths: readonly Bandwidth[];
  /**
   * Floating-point operations per second of matrix products, by element type of the operands; null if the device lacks
   * the type.
   */
  readonly flopsPerSecond: Readonly<Record<MatrixType, number | null>>;
}

/** From the size of a core's first cache to several times the largest shared cache. */
const WORKING_SETS = Array.from({ length: 15 }, (_, index) => 2 ** (14 + index));
/** Least bytes to move between two readings of the clock, so that its resolution does not matter. */
const MEASURED_BYTES = 2 ** 21;
const BANDWIDTH_MILLISECONDS = 30;

/** Rows, columns and depth of the products: squares of several sizes, and the shapes of projectors. */
const PRODUCTS: readonly (readonly [number, number, number])[] = [
  [256, 256, 256],
  [512, 512, 512],
  [1024, 1024, 1024],
  [2048, 256, 512],
  [512, 2048, 2048],
];

/** Larger products: the others do not fill a GPU. */
const GPU_PRODUCTS: typeof PRODUCTS = [[4096, 4096, 4096], [8192, 8192, 8192]];

/** Work that streams through memory. */
interface Stream {
  /** Number of arrays that it touches. */
  readonly touched: number;
  /** Number of arrays that it reads plus number of arrays that it writes. */
  readonly moved: number;
  /** Runs it once. */
  work(): void;
}

/** Copies, fills, sums, additions and relus of arrays of `count` f32 values. */
function streams(device: Device, count: number): Stream[] {
  const { kernels } = device;
  const f32 = dtypeCode("f32");
  const x = Tensor.full(device, [count], 0);
  const y = Tensor.full(device, [count], 0);
  const total = Tensor.full(device, [1], 0);
  return [
    { touched: 1, moved: 1, work: () => kernels.sl_fill(f32, count, 0, y.pointer) },
    {
      touched: 1,
      moved: 1,
      work: () => kernels.sl_reduce_sum(axisCodes.all, f32, 1, count, 1, x.pointer, total.pointer, 0),
    },
    { touched: 2, moved: 2, work: () => kernels.sl_copy(null, y.pointer, x.pointer, count * dtypeBytes("f32")) },
    { touched: 2, moved: 2, work: () => kernels.sl_unary(unaryCodes.relu, f32, count, x.pointer, y.pointer) },
    { touched: 2, moved: 3, work: () => kernels.sl_axpby(f32, count, 1, x.pointer, 1, y.pointer) },
  ];
}

/** Bytes per second of the fastest stream with a working set. */
function bandwidthOf(device: Device, workingSet: number): number {
  const repeats = Math.max(1, MEASURED_BYTES / workingSet);
  const rates = [1, 2].flatMap((arrays) => {
    using _scope = new Scope();
    const fitting = streams(device, workingSet / arrays / dtypeBytes("f32")).filter(({ touched }) =>
      touched === arrays
    );
    return fitting.map(({ touched, moved, work }) => {
      const repeated = () => {
        for (let repeat = 0; repeat < repeats; repeat++) work();
      };
      const milliseconds = fastestMilliseconds(device, () => repeated, BANDWIDTH_MILLISECONDS);
      return repeats * (workingSet / touched * moved) * 1e3 / milliseconds;
    });
  });
  return Math.max(...rates);
}

/** Measures the bandwidth of each working set. A smaller set counts as at least as fast as a larger one. */
function measureBandwidths(device: Device): Bandwidth[] {
  const measured: Bandwidth[] = [];
  let highest = 0;
  for (const workingSet of [...WORKING_SETS].reverse()) {
    highest = Math.max(highest, bandwidthOf(device, workingSet));
    measured.unshift({ workingSet, bytesPerSecond: highest });
  }
  return measured;
}

/**
 * The highest rate of matrix products over several shapes, in floating-point operations per second.
 *
 * @throws {UnsupportedError} if the device cannot multiply this type.
 */
export function matrixPeak(device: Device, dtype: MatrixType): number {
  const { kernels } = device;
  const [code, f32] = [dtypeCode(dtype), dtypeCode("f32")];
  const rates = (device.kind === "cuda" ? GPU_PRODUCTS : PRODUCTS).map(([m, n, k]) => {
    using _scope = new Scope();
    const a = Tensor.full(device, [m, k], 1, dtype);
    const b = Tensor.full(device, [k, n], 1, dtype);
    const c = new Tensor(device, [m, n]);
    const multiply = () => kernels.sl_matmul(code, f32, m, n, k, 0, 0, 1, a.pointer, b.pointer, 0, c.pointer, null);
    return 2 * m * n * k * 1e3 / fastestMilliseconds(device, () => multiply);
  });
  return Math.max(...rates);
}

/** Measures the ceilings of a device, which takes some seconds. */
export function deviceCeilings(device: Device): DeviceCeilings {
  return {
    bandwidths: measureBandwidths(device),
    flopsPerSecond: {
      f32: matrixPeak(device, "f32"),
      bf16: device.description.bf16 ? matrixPeak(device, "bf16") : null,
    },
  };
}

/** The best bandwidth for a working set, in bytes per second: that of the largest measured set that is not larger. */
export function bandwidthAt(ceilings: DeviceCeilings, workingSet: number): number {
  const { bandwidths } = ceilings;
  const fitting = bandwidths.findLast((measured) => measured.workingSet <= workingSet) ?? bandwidths[0];
  return fitting?.bytesPerSecond ?? NaN;
}
