#!/usr/bin/env -S deno run --allow-ffi --allow-read --allow-write --allow-env --allow-sys
/**
 * The entry of the command `sluice`.
 *
 * @module
 */

import denoJson from "../deno.json" with { type: "json" };

/** Gives the variable HOME back its value, which the executable's launcher keeps from Deno; empty stands for none. */
function restoreHome(): void {
  const home = Deno.env.get("SLUICE_HOME");
  if (home === undefined) return;
  Deno.env.delete("SLUICE_HOME");
  if (home === "") Deno.env.delete("HOME");
  else Deno.env.set("HOME", home);
}

/** Parses, runs and reports. */
async function main(): Promise<void> {
  restoreHome();
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
