/**
 * Formats the C++ and CUDA files with clang-format; with `--check` it only lists what clang-format would change.
 *
 * npm brings clang-format, so that every machine has the same version: each version breaks some lines its own way.
 *
 * @module
 */

import { join } from "@std/path";
import { clangFormatPath } from "clang-format-node";
import process from "node:process";
import { root, sourcesUnder } from "./sources.ts";

/** Runs clang-format on the repository's C++ and CUDA files and gives its exit status. */
function clangFormat(args: readonly string[]): number {
  const paths = ["native", "tests"].flatMap(sourcesUnder).filter((path) => /\.(h|cpp|cu)$/.test(path));
  const files = paths.map((path) => join(root, path));
  return new Deno.Command(clangFormatPath, { args: [...args, ...files], stdout: "inherit", stderr: "inherit" })
    .outputSync().code;
}

if (import.meta.main) {
  const check = Deno.args.includes("--check");
  process.exitCode = clangFormat(check ? ["--dry-run", "-Werror", "--ferror-limit=20"] : ["-i"]);
  if (check && process.exitCode !== 0) console.error("files differ from .clang-format: run deno task fmt:native");
}
