/**
 * `sluice version`: the same as `sluice --version`.
 *
 * @module
 */

import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import denoJson from "../../deno.json" with { type: "json" };
import { addOutputOptions, outputOptions } from "../options.ts";
import { writeResult } from "../ui/output.ts";

/** Adds `version` to the program. */
export function addVersion(program: CommandUnknownOpts): void {
  const command = program.command("version")
    .description("prints the version")
    .action((_options, self) => {
      const { version } = denoJson;
      writeResult(outputOptions(self), { version }, () => version);
    });
  addOutputOptions(command);
}
