/**
 * What `sluice export` does.
 *
 * @module
 */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { join } from "@std/path";
import denoJson from "../../deno.json" with { type: "json" };
import { withGiven } from "../../src/config/config.ts";
import { openDataset } from "../../src/config/open_dataset.ts";
import type { SkippedImage } from "../../src/data/mod.ts";
import { type ExportFormat, exportFormats } from "../../src/encoders/encoder_formats.ts";
import { exportRun } from "../../src/encoders/export_run.ts";
import { InvalidInputError } from "../../src/errors.ts";
import type { SlimSize } from "../../src/evaluation/mod.ts";
import { makeFolder } from "../../src/formats/mod.ts";
import type { NetworkName } from "../../src/models/network_names.ts";
import { RunFolder } from "../../src/run/run_folder.ts";
import { openDevice } from "../device.ts";
import { givenRunOptions, outputOptions } from "../options.ts";
import { checkNewFiles, chooseNetwork } from "../requests.ts";
import { readSlimSize } from "../slim.ts";
import { describeDifference } from "../ui/exports.ts";
import { remark, writeResult } from "../ui/output.ts";
import { SkippedRemarks } from "../ui/skipped.ts";
import { grouped } from "../ui/tables.ts";

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

/** The file in a run's folder: its name says what is in it. */
function placeInRun(run: RunFolder, network: NetworkName, { cost }: SlimSize, format: ExportFormat): string {
  const folder = join(run.path, "exports");
  makeFolder(folder);
  return join(folder, `${network}${network === "slim" ? `-${cost}` : ""}.${format}`);
}

/** Exports one network of the run in a folder. */
export function runExport(path: string, command: CommandUnknownOpts): void {
  const output = outputOptions(command);
  const { network, format: asked, out, data, ...others }: Record<string, unknown> = command.opts();
  const format = readFormat(asked, out);
  const graph = readGraph(others, format);
  if (typeof out === "string") checkNewFiles([out]);
  const run = RunFolder.open(path);
  const config = withGiven(run.config, givenRunOptions(command));
  const name = chooseNetwork(network, run.config);
  const size = readSlimSize(command, run.config, [name]);
  const checkpoint = run.latestCheckpoint((line) => remark(output, line));
  const skipped = new SkippedRemarks(output);
  const slim = name !== "slim" ? undefined : {
    dataset: openDataset(run.config, typeof data === "string" ? data : run.config.data),
    size,
    skipped: (image: SkippedImage) => skipped.add(image),
  };
  const file = typeof out === "string" ? out : placeInRun(run, name, size, format);
  if (typeof out !== "string") checkNewFiles([file]);
  using device = openDevice(config, output);
  const report = exportRun(device, run, checkpoint, {
    network: name,
    slim,
    format,
    graph,
    file,
    version: denoJson.version,
  });
  skipped.conclude("sluice data verify names them");
  writeResult(output, report, () => [
    `${file}: ${name} network, ${grouped(report.bytes)} bytes; features of an image computed from it are ` +
    `${describeDifference(report.check)} the run's`,
  ]);
}
