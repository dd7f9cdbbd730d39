/**
 * What `sluice bench export` does.
 *
 * @module
 */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { benchExport, type ExportBenchmark, writeExportBenchmark } from "../../src/bench/export.ts";
import { resolveConfig } from "../../src/config/config.ts";
import { InvalidInputError } from "../../src/errors.ts";
import { givenRunOptions, outputOptions, wholeNumber } from "../options.ts";
import { describeNoise } from "../ui/benchmarks.ts";
import { remark, writeResult } from "../ui/output.ts";
import { formatTable, grouped } from "../ui/tables.ts";

function format({ network, precision, bytes, processor, rows }: ExportBenchmark): string {
  const cells = rows.map(({ engine, threads, batch, milliseconds, spread, imageMilliseconds }) => [
    engine,
    threads,
    batch,
    `${milliseconds.toFixed(2)} (${spread.toFixed(2)})`,
    imageMilliseconds.toFixed(3),
  ]);
  const table = formatTable(["computed by", "threads", "batch", "ms", "ms an image"], cells);
  return `${table}\n\n${network} network, ${precision}, ${
    grouped(bytes)
  } bytes, on ${processor}; in brackets what the ` +
    "middle half of the times spans";
}

/** Times an exported network, and keeps the figures beside its file. */
export async function runBenchExport(file: string, command: CommandUnknownOpts): Promise<void> {
  const output = outputOptions(command);
  const { batch }: Record<string, unknown> = command.opts();
  const given = givenRunOptions(command);
  const { threads } = resolveConfig({ flags: given });
  if (!file.endsWith(".onnx")) throw new InvalidInputError(`${file}: is no ONNX file by its name; give FILE.onnx`);
  const result = await benchExport(file, {
    ...(batch === undefined
      ? {}
      : { batches: [wholeNumber("batch", batch, "a whole number from 1 to 4096", 1, 4096)] }),
    ...(threads === 0 ? {} : { threads: [threads] }),
  });
  if (result.onnxruntime === null) {
    remark(output, "python3 on PATH has no onnxruntime (pip install onnxruntime): only sluice itself was timed");
  }
  const noise = describeNoise(result.rows.map(({ milliseconds, spread }) => ({ median: milliseconds, spread })));
  if (noise !== null) remark(output, noise);
  writeExportBenchmark(file, result);
  writeResult(output, result, () => format(result));
}
