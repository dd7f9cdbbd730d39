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

/** Ways to ask for the version alone. */
const versionWords = ["--version", "-v", "version"];

async function run(): Promise<void> {
  // Pipelines ask for the version often: it does not wait for the parser and the tables of options to load.
  if (Deno.args.length === 1 && versionWords.includes(Deno.args[0] ?? "")) {
    const { writeStdout } = await import("./ui/descriptors.ts");
    return writeStdout(`${denoJson.version}\n`);
  }
  const { buildProgram } = await import("./program.ts");
  const { checkCommandNames } = await import("./command_names.ts");
  const { checkEncoding } = await import("./arguments.ts");
  checkEncoding(Deno.args);
  const program = buildProgram();
  checkCommandNames(program, Deno.args);
  await program.parseAsync(Deno.args, { from: "user" });
}

/** Parses, runs and reports. */
async function main(): Promise<void> {
  restoreHome();
  const { keepHangUpIgnored } = await import("./hang_up.ts");
  keepHangUpIgnored();
  const { default: process } = await import("node:process");
  // Remarks are written past this stream. What a library writes to it must not end a run either, if the terminal is closed.
  process.stderr.on("error", () => {});
  try {
    await run();
  } catch (error) {
    const { describeFailure } = await import("./ui/errors.ts");
    const { writeFailure } = await import("./ui/output.ts");
    const { text, status } = describeFailure(error, Deno.args.includes("--verbose"));
    if (text !== null) writeFailure(text);
    process.exitCode = status;
  }
}

if (import.meta.main) await main();
