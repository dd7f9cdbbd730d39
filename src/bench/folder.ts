/**
 * Speed of reading image files: it limits training on a folder of images if it is slower than the step.
 *
 * @module
 */
import {
  type Dataset,
  type FileImages,
  FRAME_COLUMNS,
  ImageReader,
  paperView,
  sourceSize,
  trainingFrame,
  viewTable,
} from "../data/mod.ts";
import type { Device } from "../device/mod.ts";
import { AUGMENT_COLUMNS } from "../ops/mod.ts";
import { median, timed } from "../device/stopwatch.ts";

/** Speed of decoding image files and taking one random crop of each. */
export interface FolderBenchmark {
  /** Image files per pass. */
  readonly images: number;
  /** Height and width of the crops, in pixels. */
  readonly side: number;
  /** Images read, decoded and cropped per second: the median of the passes, with the files in the system's cache. */
  readonly imagesPerSecond: number;
  /** Threads that read files. */
  readonly workers: number;
}

/** A pass reads at most this many files. */
const MOST_IMAGES = 20_000;
/** Images per job, and jobs at the same time. */
const BATCH = 256;
const AHEAD = 3;
const PASSES = 5;

/** Times passes over the training images of a data set of files. */
export function benchFolder(device: Device, dataset: Dataset<FileImages>, workers: number): FolderBenchmark {
  const { pretraining: set } = dataset;
  const size = [set.height, set.width] as const;
  const images = Math.min(set.count, MOST_IMAGES);
  using reader = new ImageReader(device, workers);
  const rooms = Array.from({ length: AHEAD }, () => new Uint8Array(BATCH * set.height * set.width * 3));
  const begin = (from: number, epoch: number, pixels: Uint8Array<ArrayBuffer>) => {
    const indices = Int32Array.from({ length: Math.min(BATCH, images - from) }, (_, row) => from + row);
    const sizeOf = (image: number) => sourceSize(set, image);
    const table = viewTable(indices, { recipe: paperView, seed: 0, epoch, view: 0, sizeOf });
    const frames = new Int32Array(indices.length * FRAME_COLUMNS);
    for (let row = 0; row < indices.length; row++) {
      trainingFrame(table.subarray(row * AUGMENT_COLUMNS, (row + 1) * AUGMENT_COLUMNS), size, frames, row);
    }
    return reader.decode({ paths: set.paths.slice(from, from + indices.length), views: 1, frames, size, pixels });
  };
  const pass = (epoch: number) => {
    const jobs = [];
    for (let from = 0; from < images; from += BATCH) {
      const number = from / BATCH;
      jobs[number - AHEAD]?.wait();
      const room = rooms[number % AHEAD];
      if (room !== undefined) jobs.push(begin(from, epoch, room));
    }
    for (const job of jobs) job.wait();
  };
  pass(0);
  const times = Array.from({ length: PASSES }, (_, epoch) => timed(device, () => pass(epoch + 1)));
  return { images, side: set.height, imagesPerSecond: images / (median(times) / 1000), workers };
}
