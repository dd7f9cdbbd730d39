#!/usr/bin/env -S deno run --allow-ffi --allow-read --allow-write --allow-env --allow-sys
/**
 * The entry of the command `sluice`.
 *
 * @module
 */
import process from "node:process";
import denoJson from "../deno.json" with { type: "json" };
import { keepHangUpIgnored } from "./hang_up.ts";
import { writeStdout } from "./ui/descriptors.ts";

/** Restores the variable HOME, which the executable's launcher hides from Deno; an empty value stands for none. */
function restoreHome(): void {
  const home = Deno.env.get("SLUICE_HOME");
  if (home === undefined) return;
  Deno.env.delete("SLUICE_HOME");
  if (home === "") Deno.env.delete("HOME");
  else Deno.env.set("HOME", home);
}

/** Words that ask for the version alone. */
const versionWords = ["--version", "-v", "version"];

async function run(): Promise<void> {
  // Pipelines ask for the version often, so it does not wait until the parser and the table of options are loaded.
  if (Deno.args.length === 1 && versionWords.includes(Deno.args[0] ?? "")) return writeStdout(`${denoJson.version}\n`);
  const { runProgram } = await import("./program.ts");
  await runProgram(Deno.args);
}

async function main(): Promise<void> {
  restoreHome();
  keepHangUpIgnored();
  // Our own remarks bypass this stream. A library that writes to it must not end a run if the terminal is closed.
  process.stderr.on("error", () => {});
  try {
    await run();
  } catch (error) {
    const { reportFailure } = await import("./ui/errors.ts");
    process.exitCode = reportFailure(error, Deno.args.includes("--verbose"));
  }
}

if (import.meta.main) await main();
