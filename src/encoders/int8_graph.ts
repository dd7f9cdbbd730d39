/**
 * Makes the graph of an encoder in 8-bit whole numbers, and measures what the rounding costs.
 *
 * @module
 */
import type { RunConfig } from "../config/options.ts";
import type { EvaluationImages, ImageStores, Labelled } from "../data/mod.ts";
import type { Device } from "../device/mod.ts";
import {
  type FeatureAccuracy,
  judgeFeatures,
  meanCosine,
  neighbourOverlap,
  sampleBatches,
  SAMPLED_IMAGES,
} from "../evaluation/mod.ts";
import type { HostTensor } from "../formats/mod.ts";
import { featureSize } from "../models/mod.ts";
import { sliceRows } from "../ops/mod.ts";
import { Scope, Tensor, unscoped } from "../tensor/mod.ts";
import type { EncoderDescription } from "./encoder_description.ts";
import {
  calibrate,
  type Calibration,
  type CalibrationImages,
  calibrations,
  floatGraph,
  type GraphBuilder,
  graphInput,
  type GraphOptions,
  type Int8Target,
  Interpreter,
  modelOf,
  normalisedInput,
  quantisedGraph,
  type ValueRange,
} from "./onnx/mod.ts";

/** Training images whose values set the ranges; a few more may be taken. */
export const CALIBRATION_IMAGES = 512;
/** Images by which features are compared. */
const COMPARED_IMAGES = 2000;

/** What 8 bits cost. */
export interface Int8Cost {
  /** The way to choose ranges that kept the features closer. */
  readonly calibration: Calibration;
  /** Number of images that set the ranges. */
  readonly images: number;
  /** Mean cosine between features in 8 bits and in floats. */
  readonly cosine: number;
  /** Mean share of the ten nearest images that stay. */
  readonly neighbours: number;
  /** Accuracy of the features in floats; null without labels. */
  readonly float: FeatureAccuracy | null;
  /** Accuracy of the features in 8 bits; null without labels. */
  readonly int8: FeatureAccuracy | null;
}

/** A graph in 8 bits and its cost. */
export interface Int8Graph {
  /** The graph. */
  readonly graph: GraphBuilder;
  /** The runtime that it is made for. */
  readonly target: Int8Target;
  /** Its cost. */
  readonly cost: Int8Cost;
}

/** What is needed to choose and to judge ranges. */
export interface Int8Images {
  /** The images of the run's data set. */
  readonly stores: ImageStores;
  /** The run's configuration. */
  readonly config: RunConfig;
  /** Called before each part of the work with its name. */
  readonly progress?: (stage: string) => void;
}

/** Pixels that go through an interpreter together: it keeps more maps at a time than a network does. */
const MOST_PIXELS = 64 * 32 * 32;

/** Runs a graph on images [N, H, W, 3], a few at a time. @returns features, row by row. */
function runInParts(interpreter: Interpreter, images: Tensor): Float32Array[] {
  const [count, height, width] = [images.dim(0), images.dim(1), images.dim(2)];
  const together = Math.max(1, Math.floor(MOST_PIXELS / (height * width)));
  return Array.from({ length: Math.ceil(count / together) }, (_, part) => {
    using _scope = new Scope();
    const from = part * together;
    return interpreter.run(sliceRows(null, images, from, Math.min(together, count - from)));
  });
}

/** Joins parts of features. */
function joined(parts: readonly Float32Array[]): Float32Array<ArrayBuffer> {
  const values = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let filled = 0;
  for (const part of parts) {
    values.set(part, filled);
    filled += part.length;
  }
  return values;
}

/** Features of a sample of images by a graph, [N, F]; the caller frees them. */
function sampleFeatures(
  interpreter: Interpreter,
  images: EvaluationImages,
  size: number,
  limit: number = COMPARED_IMAGES,
): Tensor {
  const values = joined(
    sampleBatches(images.set.count, limit).flatMap((batch) => {
      using _scope = new Scope();
      return runInParts(interpreter, images.gathered(batch));
    }),
  );
  return unscoped(() => Tensor.from(images.device, values, [values.length / size, size]));
}

/** The number of images in the sample for {@linkcode calibrate}. */
function sampleSize(count: number): number {
  const runs = sampleBatches(count, CALIBRATION_IMAGES).flat();
  return runs.reduce((sum, [from, to]) => sum + to - from, 0);
}

/** A sample of training images, for {@linkcode calibrate}. */
function calibrationImages(images: EvaluationImages): CalibrationImages {
  return (visit) => {
    for (const batch of sampleBatches(images.set.count, CALIBRATION_IMAGES)) {
      using _scope = new Scope();
      visit(images.gathered(batch));
    }
  };
}

/** The labels of a sample of images, {@linkcode sampleFeatures}. */
function sampleLabels({ count, labels }: Labelled): Int32Array<ArrayBuffer> {
  return Int32Array.from(
    sampleBatches(count, SAMPLED_IMAGES).flat().flatMap(([from, to]) => {
      return [...labels.subarray(from, to)];
    }),
  );
}

/** The accuracy of a graph's features, by at most 5,000 images of each split; null if the data set has no labels. */
function judge(interpreter: Interpreter, { stores, config }: Int8Images, size: number): FeatureAccuracy | null {
  const { labelled, classes } = stores.dataset;
  if (labelled === null) return null;
  using train = sampleFeatures(interpreter, stores.evaluation(labelled.train), size, SAMPLED_IMAGES);
  using test = sampleFeatures(interpreter, stores.evaluation(labelled.test), size, SAMPLED_IMAGES);
  const bank = { features: train, labels: sampleLabels(labelled.train) };
  const queries = { features: test, labels: sampleLabels(labelled.test) };
  return judgeFeatures(bank, queries, { protocols: ["knn", "linear"], seed: config.seed, classes: classes.length });
}

/**
 * Makes the graph of an encoder in 8 bits.
 *
 * Values are calibrated on 512 training images by min-max and by percentile; the way whose features have the larger
 * cosine to those in floats is taken.
 *
 * @param state the encoder's tensors in PyTorch's layouts.
 * @param target the runtime that the graph is made for.
 */
export function int8Graph(
  device: Device,
  state: ReadonlyMap<string, HostTensor>,
  description: EncoderDescription,
  target: Int8Target,
  images: Int8Images,
  includePreprocessing: boolean,
): Int8Graph {
  const { stores, progress = () => {} } = images;
  const options: GraphOptions = { keepNorms: false, includePreprocessing: false };
  const interpret = (graph: GraphBuilder) => new Interpreter(device, modelOf(graph, description, options, {}));
  const { labelled, pretraining } = stores.dataset;
  const training = stores.evaluation(labelled?.train ?? pretraining);
  const compared = stores.evaluation(labelled?.test ?? pretraining);
  const size = featureSize(description.spec);

  const source = floatGraph(state, description, options);
  using floats = interpret(source);
  progress("calibration");
  const ranges = calibrate(floats, source, calibrationImages(training));
  using expected = sampleFeatures(floats, compared, size);
  const candidates = calibrations.map((calibration) => {
    progress(`features in 8 bits, ${calibration}`);
    const graph = quantisedGraph(source, ranges[calibration], target);
    using interpreter = interpret(graph);
    using found = sampleFeatures(interpreter, compared, size);
    const likeness = { cosine: meanCosine(expected, found), neighbours: neighbourOverlap(expected, found) };
    return { calibration, graph, ...likeness };
  });
  const best = candidates.reduce((one, other) => (other.cosine > one.cosine ? other : one));
  progress("accuracy in floats");
  const float = judge(floats, images, size);
  progress("accuracy in 8 bits");
  using interpreter = interpret(best.graph);
  const int8 = judge(interpreter, images, size);
  const { calibration, cosine, neighbours } = best;
  const count = sampleSize(training.set.count);
  const graph = includePreprocessing
    ? quantisedGraph(
      floatGraph(state, description, { ...options, includePreprocessing }),
      named(ranges[calibration]),
      target,
    )
    : best.graph;
  return { graph, target, cost: { calibration, images: count, cosine, neighbours, float, int8 } };
}

/** Ranges of a graph that normalises images itself: they have another name there. */
function named(ranges: ReadonlyMap<string, ValueRange>): ReadonlyMap<string, ValueRange> {
  const input = ranges.get(graphInput);
  return input === undefined ? ranges : new Map([...ranges, [normalisedInput, input]]);
}

/** What was rounded and what that costs as texts, for the metadata of a file. */
export function formatInt8({ target, cost: { calibration, images, ...cost } }: Int8Graph): Record<string, string> {
  return {
    precision: "int8",
    int8_for: target,
    int8_calibration: JSON.stringify({ way: calibration, images }),
    int8_cost: JSON.stringify(cost),
  };
}
