/**
 * `sluice export RUN`: one network of a run as a file for other programs.
 *
 * @module
 */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import denoJson from "../../deno.json" with { type: "json" };
import { InvalidInputError } from "../../src/errors.ts";
import { addCommonOptions, addExamples, givenRunOptions, outputOptions, wordOption } from "../options.ts";
import { checkNewFiles, chooseNetwork, networkNames } from "../requests.ts";
import { remark, writeResult } from "../ui/output.ts";
import { grouped } from "../ui/tables.ts";

/** The format there is. */
const safetensors = "safetensors";

/** The file to write, which must not be there and whose name must say what it is. */
function readOut(out: unknown, format: unknown): string {
  if (format !== safetensors) throw new InvalidInputError(`--format ${format}: give safetensors, the only one yet`);
  if (typeof out !== "string") throw new InvalidInputError("export writes a file: give --out FILE.safetensors");
  if (!/[^/]\.safetensors$/.test(out)) {
    throw new InvalidInputError(`--out ${out}: a network is written as .safetensors; give FILE.safetensors`);
  }
  checkNewFiles([out]);
  return out;
}

async function runExport(path: string, command: CommandUnknownOpts): Promise<void> {
  const output = outputOptions(command);
  const { network, format, out }: Record<string, unknown> = command.opts();
  const file = readOut(out, format);
  const { RunFolder } = await import("../../src/run/run_folder.ts");
  const { resolveConfig } = await import("../../src/config/config.ts");
  const { trainedNetworks } = await import("../../src/config/network.ts");
  const run = RunFolder.open(path);
  const { device: name, threads } = resolveConfig({ flags: { ...run.config, ...givenRunOptions(command) } });
  const pass = chooseNetwork(network, run.config, trainedNetworks(run.config.mode));
  const checkpoint = run.latestCheckpoint((line) => remark(output, line));
  const { Device } = await import("../../src/device/mod.ts");
  using device = Device.open({ device: name, threads });
  const { exportRun } = await import("../../src/encoders/export_run.ts");
  const report = exportRun(device, run, checkpoint, { network: pass, file, version: denoJson.version });
  const { bytes, check: { images, largestDifference } } = report;
  writeResult(output, report, () => {
    const difference = largestDifference === 0 ? "the run's bit by bit" : `the run's to ${largestDifference}`;
    return [
      `${file}: ${pass} network, ${
        grouped(bytes)
      } bytes; features of ${images} images computed from it are ${difference}`,
    ];
  });
}

/** Adds `export` to the program. */
export function addExport(program: CommandUnknownOpts): void {
  const command = program.command("export")
    .description("one network of a run as a file for other programs, checked by computing features from it")
    .argument("<RUN>", "folder of a run")
    .option("-o, --out <FILE>", "file to write, FILE.safetensors")
    .addOption(
      wordOption("--network <NAME>", "dense or gated (default: gated where the run has one)", networkNames),
    )
    .addOption(
      wordOption("--format <NAME>", "safetensors: torchvision's names and layouts", [safetensors]).default(safetensors),
    )
    .action((path, _options, self) => runExport(path, self));
  addCommonOptions(command);
  addExamples(command, [
    "sluice export runs/demo --network dense -o dense.safetensors",
    "sluice export runs/demo --network gated --format safetensors -o gated.safetensors --json",
  ]);
}
