/**
 * Formats the results of `sluice bench` as tables.
 *
 * @module
 */

import type {
  AugmentBenchmark,
  CheckpointBenchmark,
  FolderBenchmark,
  FullBlock,
  InferenceBenchmark,
  LoaderBenchmark,
  Profile,
  RunInference,
  StepBenchmark,
  SweepRow,
} from "../../src/bench/mod.ts";
import type { Timing } from "../../src/evaluation/mod.ts";
import { formatTable, grouped, mebibytes, share } from "./tables.ts";

/** The time of each native function in a step. The rows add up to the whole step. */
function formatProfile({ milliseconds, rows, restMs, restShare }: Profile): string {
  return formatTable(["native function", "calls", "ms", "share", "GFLOP/s"], [
    ...rows.map((row) => [
      row.function,
      row.calls,
      row.milliseconds.toFixed(2),
      share(row.share),
      row.gflops?.toFixed(1),
    ]),
    ["rest, in TypeScript", null, restMs.toFixed(2), share(restShare), null],
    ["whole step, profiled", null, milliseconds.toFixed(2), share(1), null],
  ]);
}

/** `bench step`: a quantity a line, then the profile if one was asked for. */
export function formatStep(result: StepBenchmark): string {
  const table = formatTable(["training step", ""], [
    ["milliseconds a step", result.msPerStep.toFixed(1)],
    ["views a second", grouped(Math.round(result.viewsPerSecond))],
    ["GFLOP/s", result.gflops.toFixed(1)],
    ["share of peak matrix-product speed", share(result.shareOfPeak)],
    ["peak tensor memory", mebibytes(result.peakBytes)],
    ["peak process memory", result.residentBytes === null ? null : mebibytes(result.residentBytes)],
    ["device", result.device],
    ["precision", result.precision],
    ["threads", result.threads],
  ]);
  return result.profile === undefined ? table : `${table}\n\n${formatProfile(result.profile)}`;
}

/** `bench step --sweep`: a setting a line. */
export function formatSweep(rows: readonly SweepRow[]): string {
  const headings = ["width", "batch", "projector", "precision", "threads", "ms a step", "views/s", "GFLOP/s"];
  const cells = rows.map((row) => [
    row.width,
    row.batch,
    row.projector,
    row.precision,
    row.threads,
    row.msPerStep.toFixed(1),
    grouped(Math.round(row.viewsPerSecond)),
    row.gflops.toFixed(1),
    share(row.shareOfPeak),
    mebibytes(row.peakBytes),
  ]);
  return `${formatTable([...headings, "share of peak", "peak memory"], cells)}\n\n${rows[0]?.device ?? ""}`;
}

/** The relative spread from which times are too noisy to compare. */
const NOISY = 0.1;

/** A line that says that times differ too much to compare; null if they do not. */
export function describeNoise(timings: readonly Timing[]): string | null {
  const widest = Math.max(...timings.map(({ median, spread }) => spread / median));
  if (widest <= NOISY) return null;
  return `this machine was too busy to tell: the middle half of a network's times spans ` +
    `${Math.round(100 * widest)} % of their median; measure again while nothing else runs`;
}

/** A median in milliseconds with its spread. */
function milliseconds({ median, spread }: Timing): string {
  return `${median.toFixed(2)} (${spread.toFixed(2)})`;
}

/** The blocks that compute every channel, with the share of the images if that is not all of them. */
function blocksInFull(blocks: readonly FullBlock[]): string {
  if (blocks.length === 0) return "-";
  return blocks.map(({ block, share: part }) => (part < 1 ? `${block} (${share(part)})` : block)).join(" ");
}

function inferenceNotes(
  { device, precision, gatedPrecision, threads }: Omit<RunInference | InferenceBenchmark, "rows">,
): string[] {
  const notes = [`${device}, ${precision}, ${threads} threads; in brackets what the middle half of the times spans`];
  if (precision === gatedPrecision) return notes;
  return [...notes, `gated: activations in ${precision}; products of open channels in ${gatedPrecision}`];
}

/** `bench infer RUN`: a run's networks on its own images. */
export function formatRunInference(result: RunInference): string {
  const headings = ["batch", "network", "ms", "ms an image", "share of MACs", "share of time", "in full"];
  const cells = result.rows.map((row) => [
    row.batch,
    row.network,
    milliseconds({ median: row.milliseconds, spread: row.spread }),
    row.imageMilliseconds.toFixed(2),
    share(row.macShare),
    row.timeShare === null ? "-" : share(row.timeShare),
    blocksInFull(row.inFull),
  ]);
  const [height, width] = result.size;
  const images = `${result.images} of the run's images, ${height} x ${width} pixels, with their own masks`;
  return `${formatTable(headings, cells)}\n\n${[images, ...inferenceNotes(result)].join("\n")}`;
}

/** `bench infer`: dense and gated network at several batches and open shares. */
export function formatInference(result: InferenceBenchmark): string {
  const headings = [
    "batch",
    "channels open",
    "dense ms",
    "gated ms",
    "share of MACs",
    "share of time",
    "dense / gated",
    "in full",
  ];
  const cells = result.rows.map((row) => [
    row.batch,
    share(row.openShare),
    milliseconds({ median: row.denseMs, spread: row.denseSpread }),
    milliseconds({ median: row.gatedMs, spread: row.gatedSpread }),
    share(row.macShare),
    share(row.timeShare),
    row.speedRatio.toFixed(2),
    blocksInFull(row.inFull),
  ]);
  return `${formatTable(headings, cells)}\n\n${inferenceNotes(result).join("\n")}`;
}

/** `bench augment`: a quantity a line. */
export function formatAugmentation(result: AugmentBenchmark): string {
  return formatTable(["augmentation", ""], [
    ["milliseconds for two views of a batch", result.msPerBatch.toFixed(2)],
    ["of which drawing parameters", result.drawMs.toFixed(2)],
    ["views a second", grouped(Math.round(result.viewsPerSecond))],
    ["images of a batch", result.batch],
    ["pixels", `${result.side} x ${result.side}`],
    ["device", result.device],
    ["precision", result.precision],
    ["threads", result.threads],
  ]);
}

/** `bench loader`: a quantity a line. */
export function formatLoader(result: LoaderBenchmark): string {
  return formatTable(["training", ""], [
    ["views a second with the loader", grouped(Math.round(result.viewsPerSecond))],
    ["views a second on one resident batch", grouped(Math.round(result.heldViewsPerSecond))],
    ["ratio", result.share.toFixed(3)],
    ["data set", result.dataset],
    ["images of a batch", result.batch],
    ["device", result.device],
    ["precision", result.precision],
    ["threads", result.threads],
  ]);
}

/** `bench folder`: a quantity a line. */
export function formatFolder(result: FolderBenchmark): string {
  return formatTable(["image files", ""], [
    ["images read, decoded and cropped a second", grouped(Math.round(result.imagesPerSecond))],
    ["images", result.images],
    ["pixels", `${result.side} x ${result.side}`],
    ["threads", result.workers],
  ]);
}

/** `bench checkpoint`: a quantity a line. */
export function formatCheckpoint(result: CheckpointBenchmark): string {
  return formatTable(["checkpoint", ""], [
    ["milliseconds that training waits", result.stallMs.toFixed(0)],
    ["milliseconds until it is on disk and verified", result.savedMs.toFixed(0)],
    ["size", mebibytes(result.bytes)],
    ["device", result.device],
  ]);
}
