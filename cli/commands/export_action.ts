/**
 * What `sluice export` does.
 *
 * @module
 */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { join } from "@std/path";
import { existsSync } from "node:fs";
import denoJson from "../../deno.json" with { type: "json" };
import { type RunConfig, withGiven } from "../../src/config/config.ts";
import { openDataset } from "../../src/config/open_dataset.ts";
import type { SkippedImage } from "../../src/data/mod.ts";
import { type ExportFormat, exportFormats } from "../../src/encoders/encoder_formats.ts";
import { exportRun, refuseInt8 } from "../../src/encoders/export_run.ts";
import type { Int8Cost } from "../../src/encoders/int8_graph.ts";
import { type Int8Target, int8Targets } from "../../src/encoders/onnx/quantisation.ts";
import { InvalidInputError } from "../../src/errors.ts";
import { defaultMultiple, type SlimSize } from "../../src/evaluation/slim_mask.ts";
import { mayWriteTo } from "../../src/machine/storage.ts";
import type { NetworkName } from "../../src/models/network_names.ts";
import { RunFolder } from "../../src/run/run_folder.ts";
import { openDevice } from "../device.ts";
import { givenRunOptions, outputOptions } from "../options.ts";
import { checkFolder, checkNewFiles, chooseExported } from "../requests.ts";
import { EvaluationSession } from "../sessions.ts";
import { readSlimSize } from "../slim.ts";
import { describeDifference } from "../ui/exports.ts";
import { remark, writeResult } from "../ui/output.ts";
import { grouped, percent } from "../ui/tables.ts";

const endings = exportFormats.map((name) => `FILE.${name}`).join(" or ");

/**
 * The format of the file: that of `--format`, else that of the ending of `--out`, else safetensors.
 *
 * @throws {InvalidInputError} if it is unknown, or the file has another ending.
 */
function readFormat(asked: unknown, out: unknown): ExportFormat {
  const format = exportFormats.find((name) => name === asked);
  if (asked !== undefined && format === undefined) {
    throw new InvalidInputError(`--format ${asked}: give ${exportFormats.join(" or ")}`);
  }
  if (typeof out !== "string") return format ?? "safetensors";
  const ending = exportFormats.find((name) => new RegExp(`[^/]\\.${name}$`).test(out));
  if (ending === undefined) throw new InvalidInputError(`--out ${out}: has another ending; give ${endings}`);
  if (format === undefined || format === ending) return ending;
  throw new InvalidInputError(`--out ${out}: is no ${format} file by its name; give FILE.${format}`);
}

/** How an encoder becomes a graph. @throws {InvalidInputError} if the format holds no graph. */
function readGraph({ keepNorms, includePreprocessing }: Record<string, unknown>, format: ExportFormat) {
  const given = [keepNorms === true && "--keep-norms", includePreprocessing === true && "--include-preprocessing"];
  const flag = given.find((name) => name !== false);
  if (flag !== undefined && format !== "onnx") {
    throw new InvalidInputError(`${flag}: is for graphs, and a ${format} file holds none; give --format onnx as well`);
  }
  return { keepNorms: keepNorms === true, includePreprocessing: includePreprocessing === true };
}

/** The runtime to round to 8 bits for; null for floats. @throws {InvalidInputError} if a value is unknown. */
function readInt8({ precision = "f32", int8For }: Record<string, unknown>): Int8Target | null {
  if (precision !== "f32" && precision !== "int8") {
    throw new InvalidInputError(`--precision ${precision}: give f32 or int8`);
  }
  if (precision === "f32") {
    if (int8For === undefined) return null;
    throw new InvalidInputError(`--int8-for ${int8For}: is for 8 bits; give --precision int8 as well`);
  }
  const target = int8Targets.find((name) => name === (int8For ?? "onnxruntime"));
  if (target !== undefined) return target;
  throw new InvalidInputError(`--int8-for ${int8For}: give ${int8Targets.join(" or ")}`);
}

/** What is in a file: its name says it. */
interface Content {
  readonly network: NetworkName;
  readonly size: SlimSize;
  readonly int8: Int8Target | null;
  readonly format: ExportFormat;
}

/** The file in a run's folder. What is as by default is not in its name. */
function nameOf({ width }: RunConfig, { network, size: { cost, channelMultiple }, int8, format }: Content): string {
  const parts = [
    network,
    ...(network === "slim" ? [cost] : []),
    ...(network === "slim" && channelMultiple !== defaultMultiple(width) ? [`multiple-${channelMultiple}`] : []),
    ...(int8 === null ? [] : ["int8", ...(int8 === "onnxruntime" ? [] : [int8])]),
  ];
  return `${parts.join("-")}.${format}`;
}

/** The path of the file. @throws {InvalidInputError} if it exists, or cannot be written. */
function placeFor(run: RunFolder, out: unknown, content: Content): string {
  if (typeof out === "string") {
    checkNewFiles([out]);
    return out;
  }
  const folder = join(run.path, "exports");
  if (existsSync(folder)) {
    checkFolder(folder, "--out another path");
    const file = join(folder, nameOf(run.config, content));
    checkNewFiles([file]);
    return file;
  }
  if (mayWriteTo(run.path)) return join(folder, nameOf(run.config, content));
  throw new InvalidInputError(`${run.path}: is not writable; make it writable, or give --out another path`);
}

/** An accuracy before and after rounding; nothing if it was not measured. */
function change(name: string, before: number | undefined, after: number | undefined): string[] {
  if (before === undefined || after === undefined) return [];
  return [`${name} ${percent(before)} in floats, ${percent(after)} in 8 bits`];
}

/** What 8 bits cost, in lines. */
function describeInt8({ calibration, images, cosine, neighbours, float, int8 }: Int8Cost): string[] {
  return [
    `8 bits: ranges by ${calibration} over ${grouped(images)} training images; cosine to the features in floats ` +
    `${cosine.toFixed(5)}, ${(100 * neighbours).toFixed(1)} % of the ten nearest images stay`,
    ...change("20-NN", float?.knn20, int8?.knn20),
    ...change("linear probe", float?.linear?.top1, int8?.linear?.top1),
  ];
}

/** Rounding costs narrow networks much. */
const NARROW = 32;

/** Exports one network of the run in a folder. */
export function runExport(path: string, command: CommandUnknownOpts): void {
  const output = outputOptions(command);
  const { network, format: asked, out, data, ...others }: Record<string, unknown> = command.opts();
  const format = readFormat(asked, out);
  const graph = readGraph(others, format);
  const int8 = readInt8(others);
  const run = RunFolder.open(path);
  const { precision: _, ...given } = givenRunOptions(command);
  const config = withGiven(run.config, given);
  const name = chooseExported(network, run.config);
  const size = readSlimSize(command, run.config, [name]);
  refuseInt8({ int8, network: name, format, graph });
  if (data !== undefined && name !== "slim" && int8 === null) {
    throw new InvalidInputError(
      `--data ${data}: slim networks and 8 bits need images, this file does not; leave it out`,
    );
  }
  const file = placeFor(run, out, { network: name, size, int8, format });
  const checkpoint = run.latestCheckpoint((line) => remark(output, line));
  const session = new EvaluationSession(output);
  const images = name !== "slim" && int8 === null ? undefined : {
    dataset: openDataset(run.config, typeof data === "string" ? data : run.config.data),
    skipped: (image: SkippedImage) => session.skipped(image),
  };
  images?.dataset.skipped.forEach((image) => session.skipped(image));
  if (int8 !== null && run.config.width < NARROW) {
    remark(output, `width ${run.config.width}: rounding to 8 bits costs networks below width ${NARROW} the most`);
  }
  using device = openDevice(config, output);
  const report = exportRun(device, run, checkpoint, {
    network: name,
    slim: size,
    images,
    format,
    graph,
    int8,
    file,
    version: denoJson.version,
    progress: (stage) => session.evaluating(stage),
  });
  session.conclude("sluice data verify names them");
  writeResult(output, report, () => [
    `${file}: ${name} network, ${grouped(report.bytes)} bytes; features of an image computed from it are ` +
    `${describeDifference(report.check)} ${int8 === null ? "the run's" : "those before it was written"}`,
    ...(report.int8 === null ? [] : describeInt8(report.int8)),
  ]);
}
