#!/usr/bin/env -S deno run --allow-ffi --allow-read --allow-write --allow-env --allow-sys
/**
 * The entry of the command `sluice`.
 *
 * @module
 */

import denoJson from "../deno.json" with { type: "json" };

/** Parses, runs and reports. */
async function main(): Promise<void> {
  const { default: process } = await import("node:process");
  const { buildProgram } = await import("./program.ts");
  try {
    await buildProgram().parseAsync(Deno.args, { from: "user" });
  } catch (error) {
    const { describeFailure } = await import("./ui/errors.ts");
    const { text, status } = describeFailure(error, Deno.args.includes("--verbose"));
    if (text !== null) process.stderr.write(`${text}\n`);
    process.exitCode = status;
  }
}

if (import.meta.main) {
  // Pipelines ask for the version often: it does not wait for the parser and the tables of options to load.
  if (Deno.args.length === 1 && Deno.args[0] === "--version") console.log(denoJson.version);
  else await main();
}
