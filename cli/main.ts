#!/usr/bin/env -S deno run --allow-ffi --allow-read --allow-write --allow-env --allow-sys
/**
 * The entry of the command `sluice`.
 *
 * @module
 */

import process from "node:process";
import { buildProgram } from "./program.ts";
import { describeFailure } from "./ui/errors.ts";

if (import.meta.main) {
  try {
    await buildProgram().parseAsync(Deno.args, { from: "user" });
  } catch (error) {
    const { text, status } = describeFailure(error, Deno.args.includes("--verbose"));
    if (text !== null) process.stderr.write(`${text}\n`);
    process.exitCode = status;
  }
}
