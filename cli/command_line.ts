/**
 * Runs the command line: the command that its words name, or its failure in one line.
 *
 * @module
 */
import process from "node:process";
import denoJson from "../deno.json" with { type: "json" };
import { writeStdout } from "./ui/descriptors.ts";

/** Words that ask for the version alone. */
const versionWords = ["--version", "-v", "version"];

async function run(words: readonly string[]): Promise<void> {
  const [word = ""] = words;
  // Pipelines ask for the version often, so it does not wait until the parser and the table of options are loaded.
  if (words.length === 1 && versionWords.includes(word)) return writeStdout(`${denoJson.version}\n`);
  const { runProgram } = await import("./program.ts");
  await runProgram(words);
}

/** Runs a command, and sets the exit status of the process. */
export async function runCommandLine(words: readonly string[]): Promise<void> {
  // The command's own remarks bypass this stream. A library that writes to it must not end a run if the terminal is
  // closed.
  process.stderr.on("error", () => {});
  try {
    await run(words);
  } catch (error) {
    const { reportFailure } = await import("./ui/errors.ts");
    process.exitCode = reportFailure(error, words.includes("--verbose"));
  }
}
