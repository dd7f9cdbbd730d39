/**
 * Profiles work by native function.
 *
 * @module
 */
import type { Device, Kernels } from "../device/mod.ts";
import { convolvedSize } from "../ops/mod.ts";
import { median, timed } from "../device/stopwatch.ts";

/** The calls of one native function. */
export interface ProfileRow {
  /** Name of the function. */
  readonly function: string;
  /** Number of calls. */
  readonly calls: number;
  /** Total time of its calls. */
  readonly milliseconds: number;
  /** Share of the whole time, in 0..1. */
  readonly share: number;
  /** 10^9 floating-point operations per second of convolutions and matrix products; null for other functions. */
  readonly gflops: number | null;
}

/** Time by native function. The rows and the rest add up to the whole. */
export interface Profile {
  /** Time of the whole work. */
  readonly milliseconds: number;
  /** One row per native function, sorted by time, longest first. */
  readonly rows: readonly ProfileRow[];
  /** Time outside native functions: TypeScript, and the profiler itself. */
  readonly restMs: number;
  /** Share of the rest in the whole. */
  readonly restShare: number;
}

type CountFlops = (parameters: readonly unknown[]) => number;

/** Operations of a convolution in any direction, from its sl_conv_shape: 2 N H' W' O KH KW I. */
const convolutionFlops: CountFlops = ([shape]) => {
  const [
    batch = 0,
    height = 0,
    width = 0,
    inChannels = 0,
    outChannels = 0,
    rows = 0,
    columns = 0,
    stride = 0,
    padding = 0,
  ] = shape as Int32Array;
  const pixels = convolvedSize(height, rows, { stride, padding }) * convolvedSize(width, columns, { stride, padding });
  return 2 * batch * pixels * outChannels * rows * columns * inChannels;
};

/** Functions whose operations are counted. */
const flopsOf: Readonly<Partial<Record<keyof Kernels, CountFlops>>> = {
  sl_conv_forward: convolutionFlops,
  sl_conv_backward_data: convolutionFlops,
  sl_conv_backward_weights: convolutionFlops,
  sl_matmul: ([_dtype, _outDtype, m, n, k]) => 2 * Number(m) * Number(n) * Number(k),
};

interface Total {
  calls: number;
  milliseconds: number;
  flops: number;
}

function profileOnce(device: Device, work: () => void): Profile {
  const totals = new Map<keyof Kernels, Total>();
  using _observed = device.observe((name, parameters, call) => {
    // The stopwatch waits for the device by this function, before and after each call.
    if (name === "sl_synchronize") return call();
    const total = totals.get(name) ?? { calls: 0, milliseconds: 0, flops: 0 };
    totals.set(name, total);
    total.calls++;
    total.flops += flopsOf[name]?.(parameters) ?? 0;
    total.milliseconds += timed(device, call);
  });
  const milliseconds = timed(device, work);
  const rows = [...totals].map(([name, total]): ProfileRow => ({
    function: name,
    calls: total.calls,
    milliseconds: total.milliseconds,
    share: total.milliseconds / milliseconds,
    gflops: flopsOf[name] === undefined ? null : total.flops / total.milliseconds / 1e6,
  }));
  const restMs = milliseconds - rows.reduce((sum, row) => sum + row.milliseconds, 0);
  rows.sort((a, b) => b.milliseconds - a.milliseconds);
  return { milliseconds, rows, restMs, restShare: restMs / milliseconds };
}

/**
 * Runs `work` several times, waiting for the device after every native call.
 *
 * @param repeats an odd number of runs.
 * @returns the profile of the run with the median time.
 */
export function profile(device: Device, work: () => void, repeats: number): Profile {
  const profiles = Array.from({ length: repeats }, () => profileOnce(device, work));
  const middle = median(profiles.map(({ milliseconds }) => milliseconds));
  const chosen = profiles.reduce((best, one) =>
    Math.abs(one.milliseconds - middle) < Math.abs(best.milliseconds - middle) ? one : best
  );
  return chosen;
}
