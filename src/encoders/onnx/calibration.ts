/**
 * Measures the ranges of a graph's values on images, which 8-bit whole numbers then have to cover.
 *
 * @module
 */
import type { OnnxModel } from "../../formats/mod.ts";
import type { Tensor } from "../../tensor/mod.ts";
import type { Interpreter } from "./interpreter.ts";
import { quantisedValues, type ValueRange } from "./quantisation.ts";

/** Ways to choose a range: all values, or all but a few large ones. */
export const calibrations = ["min-max", "percentile"] as const;
/** The name of a way to choose a range. */
export type Calibration = typeof calibrations[number];

/** The share of values that the percentile way cuts off at either end. */
const CUT = 1e-4;
/** Divisions of a range. */
const BINS = 4096;

/** Batches of normalised images [N, H, W, 3]; a second call gives the same. */
export type CalibrationImages = (visit: (images: Tensor) => void) => void;

/** Shows every quantised value of every batch once. */
function visitValues(
  interpreter: Interpreter,
  model: Pick<OnnxModel, "nodes">,
  images: CalibrationImages,
  visit: (name: string, values: Float32Array) => void,
): void {
  const names = [...quantisedValues(model)].filter(([name, owner]) => name === owner).map(([name]) => name);
  // A value is shown where the first node reads it.
  const readers = new Map(names.map((name) => [name, model.nodes.find(({ inputs }) => inputs.includes(name))]));
  images((batch) => {
    interpreter.run(batch, (node, inputs) => {
      node.inputs.forEach((name, place) => {
        const value = inputs[place];
        if (readers.get(name) === node && value) visit(name, value.tensor.toFloat32());
      });
    });
  });
}

/** The range of a histogram without {@linkcode CUT} of its values at either end. */
function cutRange(histogram: Float64Array, { low, high }: ValueRange): ValueRange {
  const total = histogram.reduce((sum, count) => sum + count, 0);
  const edge = (bins: Iterable<number>) => {
    let passed = 0;
    for (const bin of bins) {
      passed += histogram[bin] ?? 0;
      if (passed > CUT * total) return bin;
    }
    return 0;
  };
  const width = (high - low) / BINS;
  const from = edge(histogram.keys()), to = edge([...histogram.keys()].reverse());
  return { low: Math.min(0, low + from * width), high: Math.max(0, low + (to + 1) * width) };
}

/**
 * Measures the ranges of the values of {@linkcode quantisedValues} in two passes over the images.
 *
 * @returns ranges by the name of the value, for each way to choose them.
 */
export function calibrate(
  interpreter: Interpreter,
  model: Pick<OnnxModel, "nodes">,
  images: CalibrationImages,
): Readonly<Record<Calibration, ReadonlyMap<string, ValueRange>>> {
  const ranges = new Map<string, { low: number; high: number }>();
  visitValues(interpreter, model, images, (name, values) => {
    const range = ranges.get(name) ?? { low: 0, high: 0 };
    ranges.set(name, range);
    for (const value of values) {
      if (value < range.low) range.low = value;
      if (value > range.high) range.high = value;
    }
  });
  const histograms = new Map([...ranges.keys()].map((name) => [name, new Float64Array(BINS)]));
  visitValues(interpreter, model, images, (name, values) => {
    const [range, histogram] = [ranges.get(name), histograms.get(name)];
    if (range === undefined || histogram === undefined) return;
    const scale = BINS / Math.max(range.high - range.low, Number.MIN_VALUE);
    for (const value of values) {
      const bin = Math.min(BINS - 1, Math.floor((value - range.low) * scale));
      histogram[bin] = (histogram[bin] ?? 0) + 1;
    }
  });
  const cut = [...ranges].map(([name, range]) =>
    [name, cutRange(histograms.get(name) ?? new Float64Array(), range)] as const
  );
  return { "min-max": ranges, "percentile": new Map(cut) };
}
