/**
 * Speed of augmentation, which every training step waits for.
 *
 * @module
 */
import { type Dataset, paperView, viewTable } from "../data/mod.ts";
import type { Device } from "../device/mod.ts";
import { augment, AUGMENT_COLUMNS } from "../ops/mod.ts";
import { RandomStream } from "../random/mod.ts";
import { median, timed } from "../device/stopwatch.ts";
import { Scope, Tensor } from "../tensor/mod.ts";
import type { RunConfig } from "../config/options.ts";
import { activationType, type Precision, resolvePrecision } from "../tensor/precision.ts";
import { IMAGE_SIDE } from "./images.ts";

/** Speed of making two views of a batch. */
export interface AugmentBenchmark {
  /** Images per batch. */
  readonly batch: number;
  /** Height and width of images and views, in pixels. */
  readonly side: number;
  /** Median time for both views of a batch, including the drawing of parameters. */
  readonly msPerBatch: number;
  /** Median time to draw the parameters alone. */
  readonly drawMs: number;
  /** Views per second. */
  readonly viewsPerSecond: number;
  /** Name of the device. */
  readonly device: string;
  /** Precision of the views. */
  readonly precision: Precision;
  /** CPU threads. */
  readonly threads: number;
}

/** Batches are taken from this many images, so that they are not always in a cache. */
const IMAGES = 4096;
/** Batches to time, after the batches to warm up. */
const TIMED = 41;
const WARM_UP = 10;

/** Any constants will do: normalisation costs the same with all of them. */
const unchanged: Pick<Dataset, "mean" | "std"> = { mean: [0, 0, 0], std: [1, 1, 1] };

/**
 * Times the two views of batches of random 32 x 32 images: drawing the parameters of every image and view, uploading
 * them, and moving the pixels.
 *
 * @throws {InvalidInputError} if the device lacks the configuration's precision.
 */
export function benchAugment(device: Device, config: Pick<RunConfig, "batch" | "precision">): AugmentBenchmark {
  const { batch } = config;
  const precision = resolvePrecision(config.precision, device.description);
  using _scope = new Scope();
  const random = new RandomStream(0, 1, 0);
  const bytes = Uint8Array.from({ length: IMAGES * IMAGE_SIDE * IMAGE_SIDE * 3 }, () => random.uint32() & 255);
  const images = Tensor.from(device, bytes, [IMAGES, IMAGE_SIDE, IMAGE_SIDE, 3]);
  const options = { size: [IMAGE_SIDE, IMAGE_SIDE], ...unchanged, dtype: activationType(precision) } as const;
  const drawn = (round: number) => {
    const indices = Int32Array.from({ length: batch }, (_, row) => (round * batch + row) % IMAGES);
    const address = { recipe: paperView, seed: 0, epoch: round % 4096, sizeOf: () => options.size };
    const tables = [0, 1].map((view) => viewTable(indices, { ...address, view }));
    return { indices, tables };
  };
  const make = (round: number) => {
    using _views = new Scope();
    const { indices, tables } = drawn(round);
    const rows = Tensor.from(device, indices, [batch]);
    for (const table of tables) augment(images, rows, Tensor.from(device, table, [batch, AUGMENT_COLUMNS]), options);
  };
  const medianOf = (work: (round: number) => void) => {
    const times = Array.from({ length: WARM_UP + TIMED }, (_, round) => timed(device, () => work(round)));
    return median(times.slice(WARM_UP));
  };
  const drawMs = medianOf(drawn);
  const msPerBatch = medianOf(make);
  return {
    batch,
    side: IMAGE_SIDE,
    msPerBatch,
    drawMs,
    viewsPerSecond: 2 * batch / msPerBatch * 1000,
    device: device.description.name,
    precision,
    threads: device.threads,
  };
}
