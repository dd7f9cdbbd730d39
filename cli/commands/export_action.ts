/**
 * What `sluice export` does.
 *
 * @module
 */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import denoJson from "../../deno.json" with { type: "json" };
import { withGiven } from "../../src/config/config.ts";
import { openDataset } from "../../src/config/open_dataset.ts";
import type { SkippedImage } from "../../src/data/mod.ts";
import { exportRun } from "../../src/encoders/export_run.ts";
import { InvalidInputError } from "../../src/errors.ts";
import { RunFolder } from "../../src/run/run_folder.ts";
import { openDevice } from "../device.ts";
import { givenRunOptions, outputOptions } from "../options.ts";
import { checkNewFiles, chooseNetwork } from "../requests.ts";
import { readSlimSize } from "../slim.ts";
import { remark, writeResult } from "../ui/output.ts";
import { SkippedRemarks } from "../ui/skipped.ts";
import { grouped } from "../ui/tables.ts";

/** The file to write. @throws {InvalidInputError} if it exists, or its name has another ending. */
function readOut(out: unknown, format: unknown): string {
  if (format !== "safetensors") throw new InvalidInputError(`--format ${format}: give safetensors, the only format`);
  if (typeof out !== "string") throw new InvalidInputError("export writes a file: give --out FILE.safetensors");
  if (!/[^/]\.safetensors$/.test(out)) {
    throw new InvalidInputError(`--out ${out}: networks are written as .safetensors; give FILE.safetensors`);
  }
  checkNewFiles([out]);
  return out;
}

/** Exports one network of the run in a folder. */
export function runExport(path: string, command: CommandUnknownOpts): void {
  const output = outputOptions(command);
  const { network, format, out, data }: Record<string, unknown> = command.opts();
  const file = readOut(out, format);
  const run = RunFolder.open(path);
  const asked = withGiven(run.config, givenRunOptions(command));
  const name = chooseNetwork(network, run.config);
  const size = readSlimSize(command, run.config, [name]);
  const checkpoint = run.latestCheckpoint((line) => remark(output, line));
  const skipped = new SkippedRemarks(output);
  const slim = name !== "slim" ? undefined : {
    dataset: openDataset(run.config, typeof data === "string" ? data : run.config.data),
    size,
    skipped: (image: SkippedImage) => skipped.add(image),
  };
  using device = openDevice(asked, output);
  const report = exportRun(device, run, checkpoint, { network: name, slim, file, version: denoJson.version });
  skipped.conclude("sluice data verify names them");
  const { bytes, check: { images, largestDifference } } = report;
  writeResult(output, report, () => {
    const difference = largestDifference === 0
      ? "bit-equal to the run's"
      : `equal to the run's within ${largestDifference}`;
    return [
      `${file}: ${name} network, ${
        grouped(bytes)
      } bytes; features of ${images} images computed from it are ${difference}`,
    ];
  });
}
