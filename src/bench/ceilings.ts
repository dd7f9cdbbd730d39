/**
 * What a device does at best, measured: the ceilings that speeds are compared with.
 *
 * @module
 */
import type { Device } from "../device/mod.ts";
import { axisCodes, unaryCodes } from "../ops/mod.ts";
import { type DType, dtypeBytes, dtypeCode, Scope, Tensor } from "../tensor/mod.ts";
import { fastestMilliseconds } from "./stopwatch.ts";

/** Element types of matrix operands. */
export type MatrixType = Extract<DType, "f32" | "bf16">;

/** The rate at which memory is read and written by work that touches so much of it. */
export interface Bandwidth {
  /** Bytes touched, over and over. */
  readonly workingSet: number;
  /** Bytes a second, those read and those written both counted. */
  readonly bytesPerSecond: number;
}

/** What a device does at best. */
export interface DeviceCeilings {
  /** By working set, the smallest first: what fits in a cache moves faster. */
  readonly bandwidths: readonly Bandwidth[];
  /** Floating-point operations a second of matrix products, by the operands' type; null where the device has no products of it. */
  readonly flopsPerSecond: Readonly<Record<MatrixType, number | null>>;
}

/** From what one core's first cache holds to several times what the largest shared one does. */
const WORKING_SETS = Array.from({ length: 15 }, (_, index) => 2 ** (14 + index));
/** So much is moved between two looks at the clock at least, so that its ticks do not count. */
const MEASURED_BYTES = 2 ** 21;
const BANDWIDTH_MILLISECONDS = 30;

/** Rows, columns and depth of the products: squares from caches to memory, and the shapes of projectors. */
const PRODUCTS: readonly (readonly [number, number, number])[] = [
  [256, 256, 256],
  [512, 512, 512],
  [1024, 1024, 1024],
  [2048, 256, 512],
  [512, 2048, 2048],
];

/** A GPU is not filled by those. */
const GPU_PRODUCTS: typeof PRODUCTS = [[4096, 4096, 4096], [8192, 8192, 8192]];

/** Work that streams through memory. */
interface Stream {
  /** Arrays that it touches. */
  readonly touched: number;
  /** Arrays that it reads or writes: one that is read and written counts twice. */
  readonly moved: number;
  /** Does it once. */
  work(): void;
}

/** Copying, filling, adding up, adding to, a relu: of arrays of `count` f32 values. */
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

/** Bytes a second of the fastest stream that touches so many bytes. */
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

/** Measures bandwidths by working set; what a larger set reaches counts for the smaller ones as well. */
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
 * The highest rate of matrix products in floating-point operations a second, over several shapes.
 *
 * @throws {UnsupportedError} where the device has no products of this type.
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

/** Measures a device's ceilings; takes some seconds. */
export function deviceCeilings(device: Device): DeviceCeilings {
  return {
    bandwidths: measureBandwidths(device),
    flopsPerSecond: {
      f32: matrixPeak(device, "f32"),
      bf16: device.description.bf16 ? matrixPeak(device, "bf16") : null,
    },
  };
}

/** Bytes a second that work can move at best which touches so many bytes: those of the next smaller set measured. */
export function bandwidthAt(ceilings: DeviceCeilings, workingSet: number): number {
  const { bandwidths } = ceilings;
  const fitting = bandwidths.findLast((measured) => measured.workingSet <= workingSet) ?? bandwidths[0];
  return fitting?.bytesPerSecond ?? NaN;
}
