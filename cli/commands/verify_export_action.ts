/**
 * What `sluice verify-export` does.
 *
 * @module
 */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { resolveConfig } from "../../src/config/config.ts";
import { formatOf } from "../../src/encoders/encoder_formats.ts";
import { verifyExport } from "../../src/encoders/verify_export.ts";
import { openDevice } from "../device.ts";
import { givenRunOptions, outputOptions } from "../options.ts";
import { writeResult } from "../ui/output.ts";
import { describeDifference } from "../ui/exports.ts";

/** Runs the network of a file on its golden image. */
export function runVerifyExport(file: string, command: CommandUnknownOpts): void {
  const output = outputOptions(command);
  formatOf(file); // throws before a device is opened
  using device = openDevice(resolveConfig({ flags: givenRunOptions(command) }), output);
  const result = verifyExport(device, file);
  writeResult(output, result, () => [
    `${file}: ${result.network} network; features of its image are ${describeDifference(result)} those in the file`,
  ]);
}
